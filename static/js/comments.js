// Behind an @ in a comment a list of members opens; htmx fetches it, the keys choose.

const BEGUN = /(?:^|[^\p{L}\p{N}])@([\p{L}\p{N}][^\n@]{0,40}|)$/u;
let waiting = 0;

const boxOf = (element) => element.closest?.("[data-mentions]");
const listOf = (box) => box.querySelector(".comment-people");

function begunName(field) {
  const found = BEGUN.exec(field.value.slice(0, field.selectionStart));
  return found && found[1].split(" ").length <= 3 ? found[1] : null;
}

function close(box) {
  listOf(box).hidden = true;
}

function ask(box, begun) {
  clearTimeout(waiting);
  waiting = setTimeout(async () => {
    const list = listOf(box);
    const address = `${box.dataset.mentions}?q=${encodeURIComponent(begun)}`;
    await window.htmx.ajax("GET", address, { target: list, swap: "innerHTML" });
    list.hidden = list.childElementCount === 0;
  }, 150);
}

function insert(box, name) {
  const field = box.querySelector("textarea");
  const begun = begunName(field);
  const at = field.selectionStart - (begun?.length ?? 0);
  field.setRangeText(`${name} `, at, field.selectionStart, "end");
  close(box);
  field.focus();
}

document.addEventListener("input", (event) => {
  const box = boxOf(event.target);
  if (!box || !(event.target instanceof HTMLTextAreaElement)) return;
  const begun = begunName(event.target);
  if (begun === null) {
    clearTimeout(waiting);
    close(box);
  } else ask(box, begun);
});

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-mention]");
  if (button) insert(boxOf(button), button.dataset.mention);
});

document.addEventListener("keydown", (event) => {
  const box = boxOf(event.target);
  if (!box || listOf(box).hidden) return;
  const buttons = [...listOf(box).querySelectorAll("button")];
  const at = buttons.indexOf(document.activeElement);
  if (event.key === "Escape") {
    event.preventDefault();
    close(box);
    box.querySelector("textarea").focus();
  } else if (event.key === "ArrowDown" && at < buttons.length - 1) {
    event.preventDefault();
    buttons[at + 1].focus();
  } else if (event.key === "ArrowUp" && at >= 0) {
    event.preventDefault();
    if (at === 0) box.querySelector("textarea").focus();
    else buttons[at - 1].focus();
  }
});

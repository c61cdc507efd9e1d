// Comparing responses: one at a time on a narrow screen, scrolling together, and rankings.
//
//   [data-compared] holds radio buttons [data-view], a box [data-scroll-together] and the texts
//   [data-scroll]. Without scripts the radio buttons work alone, by style.
//   [data-ranking] holds rows [data-rank-item], each with a number field [data-option], a handle
//   [data-rank-handle] and buttons [data-rank-move] and [data-rank-tie]. The numbers are what is
//   sent; the rows stand in their order. Alt+↑ and Alt+↓ move a row, t ties it with the one above.

import { keep, openDialog, recall, singleKey, singleKeysOn, takesText, whenAdded } from "./shared.js";

// -- responses

const narrow = matchMedia("(width < 60rem)");

function fitView(box) {
  const all = box.querySelector('[data-view][value="all"]');
  if (narrow.matches && all?.checked) box.querySelector('[data-view][value="1"]').checked = true;
}

let leading = null;

/** The other texts go to the same share of their length. */
function scrollTogether(event) {
  const text = event.target;
  const box = text.closest?.("[data-compared]");
  if (!box?.querySelector("[data-scroll-together]")?.checked) return;
  if (leading && leading !== text) return;
  leading = text;
  const share = text.scrollTop / Math.max(1, text.scrollHeight - text.clientHeight);
  for (const other of box.querySelectorAll("[data-scroll]")) {
    if (other !== text) other.scrollTop = share * (other.scrollHeight - other.clientHeight);
  }
  requestAnimationFrame(() => requestAnimationFrame(() => { leading = null; }));
}

document.addEventListener("scroll", scrollTogether, { capture: true, passive: true });
whenAdded("[data-compared]", (box) => {
  fitView(box);
  narrow.addEventListener("change", () => fitView(box));
});
for (const name of ["differences", "scroll-together"]) {
  whenAdded(`[data-${name}]`, (box) => {
    box.checked = recall(`rs.${name}`) === "on";
    box.addEventListener("change", () => keep(`rs.${name}`, box.checked ? "on" : null));
  });
}

// -- ranking

const rowsOf = (list) => [...list.querySelectorAll("[data-rank-item]")];
const fieldOf = (row) => row.querySelector("[data-option]");
const placeOf = (row) => Number(fieldOf(row).value) || 0;

/** Rows by place, those of one place together; those without one stand last, each alone. */
function groupsOf(list) {
  const groups = new Map();
  for (const [n, row] of rowsOf(list).entries()) {
    const place = placeOf(row) || 1000 + n;
    groups.set(place, [...(groups.get(place) ?? []), row]);
  }
  return [...groups.keys()].sort((a, b) => a - b).map((place) => groups.get(place));
}

/** Puts the rows in the order of the groups and counts the places: after two in place 1 comes 3. */
function write(list, groups, focus) {
  let place = 1;
  for (const group of groups) {
    for (const [n, row] of group.entries()) {
      fieldOf(row).value = String(place);
      row.toggleAttribute("data-tied", n > 0);
      list.append(row);
    }
    place += group.length;
  }
  // Moving an element takes the focus from it.
  focus?.focus({ preventScroll: true });
  list.dispatchEvent(new Event("change", { bubbles: true }));
}

function say(list, row) {
  const text = list.dataset.movedText
    .replace("{letter}", row.dataset.criterion)
    .replace("{place}", fieldOf(row).value)
    .replace("{total}", String(rowsOf(list).length));
  document.querySelector("[data-rank-said]").textContent = text;
}

function move(list, row, step) {
  const focus = document.activeElement;
  const groups = groupsOf(list);
  const at = groups.findIndex((group) => group.includes(row));
  if (groups[at].length > 1) {
    // Out of a tie, to the side it moves to.
    groups[at] = groups[at].filter((other) => other !== row);
    groups.splice(step < 0 ? at : at + 1, 0, [row]);
  } else {
    const to = Math.max(0, Math.min(groups.length - 1, at + step));
    groups.splice(to, 0, ...groups.splice(at, 1));
  }
  write(list, groups, row.contains(focus) ? focus : row);
  say(list, row);
}

function tie(list, row) {
  const focus = document.activeElement;
  const groups = groupsOf(list);
  const at = groups.findIndex((group) => group.includes(row));
  if (groups[at].length > 1 && groups[at][0] !== row) {
    // Tied already: this sets it apart again, behind the others.
    groups[at] = groups[at].filter((other) => other !== row);
    groups.splice(at + 1, 0, [row]);
  } else if (at > 0) {
    groups[at - 1].push(...groups[at]);
    groups.splice(at, 1);
  }
  write(list, groups, row.contains(focus) ? focus : row);
  say(list, row);
}

const rowAt = (target) => target.closest?.("[data-rank-item]");
const listOf = (row) => row?.closest("[data-ranking]");
const isOpen = (row) => row && !fieldOf(row).disabled;

document.addEventListener("click", (event) => {
  const row = rowAt(event.target);
  if (!isOpen(row)) return;
  const button = event.target.closest("button");
  if (button?.dataset.rankMove) move(listOf(row), row, Number(button.dataset.rankMove));
  if (button?.dataset.rankTie !== undefined) tie(listOf(row), row);
});

document.addEventListener("keydown", (event) => {
  const row = rowAt(event.target);
  if (!isOpen(row) || openDialog()) return;
  if (event.altKey && !event.shiftKey && ["ArrowUp", "ArrowDown"].includes(event.key)) {
    event.preventDefault();
    move(listOf(row), row, event.key === "ArrowUp" ? -1 : 1);
  } else if (singleKeysOn() && singleKey(event) === "t" && !(takesText(event.target) && event.target.type !== "number")) {
    event.preventDefault();
    tie(listOf(row), row);
  }
});

// A number that was typed: the rows follow once the field is left.
document.addEventListener("focusout", (event) => {
  const row = rowAt(event.target);
  if (!isOpen(row) || !event.target.matches("[data-option]")) return;
  setTimeout(() => arrange(listOf(row)));
});

/** Rows in the order of their numbers; what is typed stays as it is. */
function arrange(list) {
  const focus = document.activeElement;
  const groups = groupsOf(list);
  for (const group of groups) for (const [n, row] of group.entries()) row.toggleAttribute("data-tied", n > 0);
  const now = rowsOf(list);
  if (groups.flat().every((row, n) => row === now[n])) return;
  list.append(...groups.flat());
  if (list.contains(focus)) focus.focus({ preventScroll: true });
}

let drag = null;

document.addEventListener("pointerdown", (event) => {
  const row = event.target.closest?.("[data-rank-handle]") && rowAt(event.target);
  if (!isOpen(row) || event.button !== 0) return;
  event.target.closest("[data-rank-handle]").setPointerCapture(event.pointerId);
  drag = { row, list: listOf(row), moved: false };
});
document.addEventListener("pointermove", (event) => {
  if (!drag) return;
  drag.row.setAttribute("data-dragging", "");
  const at = rowAt(document.elementFromPoint(event.clientX, event.clientY) ?? drag.row);
  if (!at || at === drag.row || listOf(at) !== drag.list) return;
  const box = at.getBoundingClientRect();
  const below = event.clientY > box.top + box.height / 2;
  drag.list.insertBefore(drag.row, below ? at.nextElementSibling : at);
  drag.moved = true;
});
function drop() {
  if (!drag) return;
  const { row, list, moved } = drag;
  drag = null;
  row.removeAttribute("data-dragging");
  if (!moved) return;
  // Where it was dropped it stands alone; ties among the others stay.
  const places = new Map(rowsOf(list).map((other) => [other, placeOf(other)]));
  const groups = [];
  let last = null;
  for (const other of rowsOf(list)) {
    const tied = other !== row && last !== null && last !== row && places.get(other) && places.get(other) === places.get(last);
    if (tied) groups.at(-1).push(other);
    else groups.push([other]);
    last = other;
  }
  write(list, groups, row);
  say(list, row);
}
document.addEventListener("pointerup", drop);
document.addEventListener("pointercancel", drop);

/** Who cannot rank them needs no places. */
function excuse(box) {
  for (const row of document.querySelectorAll("[data-rank-item]")) row.toggleAttribute("data-optional", box.checked);
}
document.addEventListener("change", (event) => event.target.matches?.("[data-cannot-rank]") && excuse(event.target));
whenAdded("[data-cannot-rank]", excuse);
whenAdded("[data-ranking]", arrange);

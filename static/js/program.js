// The program page: an error leads to its place, and a typed text is what is tried.

const codePoints = (text, count) => [...text].slice(0, count).join("").length;

/** Selects the words of an error. Its offsets count characters, a field's count UTF-16 units. */
function select(button) {
  const form = button.closest("[data-program-try]");
  const field = form.querySelector("[name=program]") ?? form.closest("[data-open-row]")?.querySelector("[name=program]");
  if (!field) return;
  field.focus();
  field.setSelectionRange(
    codePoints(field.value, Number(button.dataset.selectFrom)),
    codePoints(field.value, Number(button.dataset.selectTo)),
  );
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-select-from]");
  if (button) select(button);
});

// Typing a text means to try that text, not the response chosen before.
document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-program-text]")) return;
  const own = event.target.form.querySelector("[name=response][value='']");
  if (own) own.checked = true;
});

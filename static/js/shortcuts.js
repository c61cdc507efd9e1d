// The page of a person's own keys: a key pressed in a field is written into it, in Latin
// letters whatever the keyboard's script is.

import { singleKey } from "./shared.js";

function onKey(event) {
  const field = event.target;
  if (!(field instanceof HTMLInputElement) || field.dataset.keyField === undefined) return;
  if (event.key === "Backspace" || event.key === "Delete") {
    field.value = "";
  } else {
    const key = singleKey(event);
    const fits = key?.length === 1 && key !== " ";
    // Enter sends the form but in the one field that takes it.
    if (!fits && !(key === "Enter" && field.name === "submit")) return;
    field.value = key;
  }
  event.preventDefault();
}

document.addEventListener("keydown", onKey);

// Brings somebody back to where they stopped on an item: the criterion and what was read.
//
//   <form data-autosave-key="…" data-user="7" data-resume>
//
// The place is kept in this browser and goes when the item is submitted.

import { keep, recall, whenAdded } from "./shared.js";

const nameOf = (form) => `rs.place.${form.dataset.autosaveKey}`;
const SCROLLS = [".pane-main", ".pane-side"];

function placeOf(form) {
  const card = form.querySelector("[data-criterion][data-current]");
  const scrolled = SCROLLS.map((selector) => form.querySelector(selector)?.scrollTop ?? 0);
  return { at: Date.now(), user: form.dataset.user, card: card?.id ?? "", scrolled, top: window.scrollY };
}

let goesOn = true;

function remember() {
  if (!goesOn) return;
  for (const form of document.querySelectorAll("form[data-resume]")) {
    keep(nameOf(form), JSON.stringify(placeOf(form)));
  }
}

function goBack(form) {
  let place;
  try {
    place = JSON.parse(recall(nameOf(form)));
  } catch {
    return;
  }
  if (!place || place.user !== form.dataset.user || location.hash) return;
  const card = place.card && form.querySelector(`#${CSS.escape(place.card)}`);
  if (card && document.activeElement?.closest("[data-autofocus]") === null) {
    for (const other of form.querySelectorAll("[data-current]")) other.removeAttribute("data-current");
    card.setAttribute("data-current", "");
    card.focus({ preventScroll: true });
  }
  for (const [n, selector] of SCROLLS.entries()) {
    form.querySelector(selector)?.scrollTo({ top: place.scrolled[n], behavior: "instant" });
  }
  window.scrollTo({ top: place.top, behavior: "instant" });
}

// Only on leaving: while somebody reads nothing is written. Killed tabs come back at the
// first open criterion.
document.addEventListener("visibilitychange", () => document.hidden && remember());
window.addEventListener("pagehide", remember);
document.addEventListener("person:leave", () => { goesOn = false; });
document.addEventListener("page:leave", () => {
  // Submitted, so there is nothing to come back to.
  for (const form of document.querySelectorAll("form[data-resume]")) keep(nameOf(form), null);
});
whenAdded("form[data-resume]", goBack);

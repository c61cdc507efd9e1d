// Judging by keyboard.
//
//   <form data-annotate data-open-text="…"> (data-annotate="still" starts without taking the
//   focus) holds [data-criterion] cards; a card's options are
//   inputs with data-option (data-cannot-assess for the one on `a`), its comment is a field
//   with data-comment. The button with data-submit-next submits and moves on.
//
//   j k or ↓ ↑ criterion · 1-9 option · a cannot assess · x clear · c comment · u next open
//   Enter submit and next outside a field, Ctrl/Cmd+Enter anywhere · Ctrl/Cmd+S save now

import { actsOnEnter, keep, openDialog, pulse, recall, singleKey, singleKeysOn, takesText, toast, whenAdded } from "./shared.js";

const cardsOf = (form) => [...form.querySelectorAll("[data-criterion]")].filter((c) => c.checkVisibility());
const optionsOf = (card) => [...card.querySelectorAll("[data-option]:not(:disabled)")];

function isMarked(card) {
  return optionsOf(card).some((o) => (o.type === "radio" || o.type === "checkbox" ? o.checked : o.value !== ""));
}

function currentCard(form) {
  const focused = document.activeElement?.closest("[data-criterion]");
  if (focused && form.contains(focused)) return focused;
  return form.querySelector("[data-criterion][data-current]");
}

function goTo(form, card) {
  if (!card) return;
  setCurrent(form, card);
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest" });
}

function setCurrent(form, card) {
  for (const other of form.querySelectorAll("[data-current]")) {
    if (other !== card) other.removeAttribute("data-current");
  }
  card.setAttribute("data-current", "");
}

function move(form, step) {
  const cards = cardsOf(form);
  const at = cards.indexOf(currentCard(form));
  const next = at < 0 ? (step > 0 ? 0 : cards.length - 1) : at + step;
  goTo(form, cards[Math.max(0, Math.min(cards.length - 1, next))]);
}

/** The first open card after `card`, or before it where all after it are marked. */
function nextOpen(form, card) {
  const cards = cardsOf(form);
  const at = cards.indexOf(card);
  return [...cards.slice(at + 1), ...cards.slice(0, Math.max(at, 0))].find((c) => !isMarked(c)) ?? null;
}

function advance(form, card) {
  if (recall("rs.advance") === "off") return;
  const next = nextOpen(form, card);
  if (next) goTo(form, next);
  else if (isMarked(card)) form.querySelector("[data-submit-next]")?.focus();
}

function choose(form, card, option) {
  if (!option) return false;
  if (takesText(option)) {
    // A field of points: the digit itself is typed into it.
    option.focus();
    return false;
  }
  pulse(option.closest(".option") ?? option);
  if (!option.checked) {
    option.checked = true;
    announceChange(option);
  }
  setCurrent(form, card);
  advance(form, card);
  return true;
}

function clear(card) {
  for (const option of optionsOf(card)) {
    if (option.type === "radio" || option.type === "checkbox") option.checked = false;
    else option.value = "";
  }
  announceChange(card);
}

function announceChange(element) {
  element.dispatchEvent(new Event("change", { bubbles: true }));
}

function comment(card) {
  const field = card.querySelector("[data-comment]");
  const fold = field?.closest("details");
  if (fold) fold.open = true;
  field?.focus();
}

/** Submits, or goes to what is still open and says so. */
function submit(form) {
  const open = cardsOf(form).find((card) => card.dataset.optional === undefined && !isMarked(card));
  if (open) {
    goTo(form, open);
    toast({ tone: "info", text: form.dataset.openText });
    return;
  }
  form.requestSubmit(form.querySelector("[data-submit-next]"));
}

const CARD_KEYS = {
  a: (form, card) => choose(form, card, card.querySelector("[data-cannot-assess]:not(:disabled)")),
  x: (form, card) => { clear(card); return true; },
  c: (form, card) => { comment(card); return true; },
};

function onCardKey(form, key) {
  const card = currentCard(form) ?? cardsOf(form)[0];
  if (!card) return false;
  if (/^[1-9]$/.test(key)) {
    const numbered = optionsOf(card).filter((o) => o.dataset.cannotAssess === undefined);
    return choose(form, card, numbered[Number(key) - 1]);
  }
  return CARD_KEYS[key]?.(form, card) ?? false;
}

function onSingleKey(form, key, target) {
  if (key === "j") return move(form, 1) ?? true;
  if (key === "k") return move(form, -1) ?? true;
  if (key === "u") return goTo(form, nextOpen(form, currentCard(form))) ?? true;
  if ((key === "ArrowDown" || key === "ArrowUp") && target.matches("[data-criterion], body, [data-submit-next]")) {
    return move(form, key === "ArrowDown" ? 1 : -1) ?? true;
  }
  if (key === "Enter" && !actsOnEnter(target)) return submit(form) ?? true;
  return onCardKey(form, key);
}

function onChord(form, event) {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.isComposing) return false;
  if (event.key === "Enter") return submit(form) ?? true;
  if (event.key.toLowerCase() !== "s" || event.shiftKey) return false;
  form.dispatchEvent(new Event("autosave:now", { bubbles: true }));
  return true;
}

/** In a one-line field Enter would press the form's first button, whichever that is. */
function onEnterInField(form, event) {
  if (event.isComposing || !form.contains(event.target)) return;
  event.preventDefault();
  const card = event.target.closest("[data-criterion]");
  if (card && event.target.value !== "") advance(form, card);
}

function onKey(event) {
  const form = document.querySelector("form[data-annotate]");
  if (!form || event.defaultPrevented || openDialog()) return;
  if (onChord(form, event)) {
    event.preventDefault();
    return;
  }
  if (event.key === "Enter" && event.target instanceof HTMLInputElement && takesText(event.target)) {
    onEnterInField(form, event);
    return;
  }
  if (!singleKeysOn() || takesText(event.target)) return;
  const key = singleKey(event);
  if (key !== null && onSingleKey(form, key, event.target)) event.preventDefault();
}

function onClick(event) {
  const form = event.target.closest?.("form[data-annotate]");
  const card = event.target.closest?.("[data-criterion]");
  if (!form || !card) return;
  setCurrent(form, card);
  // detail is 0 where arrow keys moved inside the radio buttons: stay there then.
  if (event.detail > 0 && event.target.matches("input[type=radio][data-option]")) advance(form, card);
}

function onChange(event) {
  const form = event.target.closest?.("form[data-annotate]");
  if (!form) return;
  settlePoints(event.target);
  count(form);
}

/** Points and cannot-assess exclude each other: the newer one stays. */
function settlePoints(field) {
  const card = field.closest?.("[data-criterion]");
  const number = card?.querySelector("input[type=number][data-option]");
  const box = card?.querySelector("input[type=checkbox][data-cannot-assess]");
  if (!number || !box) return;
  if (field === box && box.checked) number.value = "";
  if (field === number && number.value !== "") box.checked = false;
}

function count(form) {
  const cards = cardsOf(form);
  const number = new Intl.NumberFormat(document.documentElement.lang);
  const text = `${number.format(cards.filter(isMarked).length)} / ${number.format(cards.length)}`;
  for (const box of form.querySelectorAll("[data-marked-count]")) box.textContent = text;
}

document.addEventListener("keydown", onKey);
document.addEventListener("click", onClick);
document.addEventListener("change", onChange);
whenAdded("form[data-annotate]", (form) => {
  count(form);
  if (form.dataset.annotate !== "still" && document.activeElement === document.body) {
    const cards = cardsOf(form);
    goTo(form, cards.find((card) => !isMarked(card)) ?? cards[0]);
  }
});
whenAdded("[data-auto-advance]", (box) => {
  box.checked = recall("rs.advance") !== "off";
  box.addEventListener("change", () => keep("rs.advance", box.checked ? null : "off"));
});

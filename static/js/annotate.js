// Judging by keyboard.
//
//   <form data-annotate data-open-text="…"> (data-annotate="still" starts without taking the
//   focus) holds [data-criterion] cards; a card's options are
//   inputs with data-option (data-cannot-assess for the one on `a`), its comment is a field
//   with data-comment. The button with data-submit-next submits and moves on.
//
//   1-9 option · ↓ ↑ criterion · Ctrl/Cmd+Enter submit and next · Ctrl/Cmd+S save now, and by
//   single keys, which data-keys='{"clear": "x", …}' may give other letters: see USUAL.
//   data-keys-off leaves the single keys out.
//
// Other modules listen on the form: "card:current" when another criterion becomes the one
// that is judged, "quote:add" when what is selected is to be quoted (prevented where nothing
// is), "pane:show" to bring "criteria" or "response" forward; "card:go" on a card goes there.

import { actsOnEnter, keep, openDialog, pulse, recall, singleKey, singleKeysOn, takesText, toast, whenAdded } from "./shared.js";

const USUAL = {
  cannot_assess: "a", clear: "x", following: "j", preceding: "k", open: "u", quote: "e",
  comment: "c", confidence: "v", response: "r", submit: "Enter", not_met: "",
};
const narrow = matchMedia("(width < 60rem)");
const actions = new WeakMap();

/** What a key does on this form: action by key. */
function actionOf(form, key) {
  if (!actions.has(form)) {
    const keys = { ...USUAL, ...JSON.parse(form.dataset.keys || "{}") };
    actions.set(form, new Map(Object.entries(keys).filter(([, k]) => k !== "").map(([name, k]) => [k, name])));
  }
  return actions.get(form).get(key) ?? "";
}

// On a narrow screen the criteria may be in the pane that is not shown.
const cardsOf = (form) =>
  [...form.querySelectorAll("[data-criterion]")].filter((c) => c.checkVisibility() || (narrow.matches && c.closest("[data-pane]")));
const optionsOf = (card) => [...card.querySelectorAll("[data-option]:not(:disabled)")];

const holdsChoice = (option) => option.type === "radio" || option.type === "checkbox";

const chosenOf = (card) => optionsOf(card).find((o) => (holdsChoice(o) ? o.checked : o.value !== ""));
const isUnsure = (option) => option.dataset.cannotAssess !== undefined;
const isMarked = (card) => chosenOf(card) !== undefined;

function currentCard(form) {
  const focused = document.activeElement?.closest("[data-criterion]");
  if (focused && form.contains(focused)) return focused;
  return form.querySelector("[data-criterion][data-current]");
}

const bring = (form, pane) => form.dispatchEvent(new CustomEvent("pane:show", { detail: pane }));

function goTo(form, card) {
  if (!card) return;
  bring(form, "criteria");
  setCurrent(form, card);
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest" });
}

function setCurrent(form, card) {
  for (const other of form.querySelectorAll("[data-current]")) {
    if (other !== card) other.removeAttribute("data-current");
  }
  if (card.hasAttribute("data-current")) return;
  card.setAttribute("data-current", "");
  form.dispatchEvent(new Event("card:current"));
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
    if (holdsChoice(option)) option.checked = false;
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

/** The next of not said, low, medium, high. */
function confide(card) {
  const field = card.querySelector("[data-confidence]:not(:disabled)");
  if (!field) return;
  field.selectedIndex = (field.selectedIndex + 1) % field.options.length;
  pulse(field);
  announceChange(field);
}

/** Quotes what is selected in the response, or opens the field for quotes. */
function quote(form, card) {
  const asked = new Event("quote:add", { cancelable: true });
  if (!form.dispatchEvent(asked)) {
    const fold = card.querySelector("[data-quotes-of]");
    if (!fold) return;
    bring(form, "criteria");
    fold.open = true;
    (fold.querySelector("[data-quote-paste]") ?? fold.querySelector("textarea"))?.focus();
  }
}

/** From the criteria to the response, and back. */
function toResponse(form) {
  const text = form.querySelector("[data-response]");
  if (!text) return;
  if (text.contains(document.activeElement)) {
    goTo(form, currentCard(form) ?? cardsOf(form)[0]);
    return;
  }
  bring(form, "response");
  text.focus();
}

/** The lowest value of the scale: nothing of it is in the response. */
function isNone(card, chosen) {
  if (isUnsure(chosen)) return false;
  return card.querySelector(".options-levels") ? chosen === optionsOf(card)[0] : Number(chosen.value) === 0;
}

/** As `Criterion.needs_quote` decides on the server. */
const needsQuote = (card, chosen) =>
  card.dataset.needsQuote !== undefined && !isUnsure(chosen) && !isNone(card, chosen);

/** Says at the quotes whether the answer needs one; without an answer, which answers do. */
function tellQuotes(card) {
  const rule = card.querySelector("[data-quote-rule]");
  if (!rule) return;
  rule.dataset.when ??= rule.textContent;
  const chosen = chosenOf(card);
  if (!chosen) rule.textContent = rule.dataset.when;
  else rule.textContent = needsQuote(card, chosen) ? rule.dataset.quoteRule : "";
}

/** What an answer still needs by the session's rules or its criterion, in words, or "". */
function missing(form, card) {
  const chosen = chosenOf(card);
  if (!chosen) return "";
  const unsure = isUnsure(chosen);
  const short = !unsure && isNone(card, chosen) !== (card.dataset.bad !== undefined);
  const asks = (card.dataset.asks ?? "").split(" ");
  const wanted = asks.includes("every") || (unsure && asks.includes("cannot_assess")) || (short && asks.includes("unmet"));
  if (wanted && card.querySelector("[data-comment]")?.value.trim() === "") return form.dataset.commentText;
  const quoted = card.querySelector("[data-quotes]")?.value.trim() !== "";
  if (needsQuote(card, chosen) && !quoted) return form.dataset.quoteText;
  return "";
}

/** Goes to an answer that lacks what is asked for, and opens the field for it. */
function goToMissing(form, card, text) {
  goTo(form, card);
  if (text === form.dataset.commentText) comment(card);
  else card.querySelector("[data-quotes-of]").open = true;
  toast({ tone: "info", text });
}

/** Submits, or goes to what is still open and says so. */
function submit(form) {
  bring(form, "criteria");
  const open = cardsOf(form).find((card) => card.dataset.optional === undefined && !isMarked(card));
  if (open) {
    goTo(form, open);
    toast({ tone: "info", text: form.dataset.openText });
    return;
  }
  for (const card of cardsOf(form)) {
    const text = missing(form, card);
    if (text) {
      goToMissing(form, card, text);
      return;
    }
  }
  form.requestSubmit(form.querySelector("[data-submit-next]"));
}

const CARD_ACTIONS = {
  cannot_assess: (form, card) => choose(form, card, card.querySelector("[data-cannot-assess]:not(:disabled)")),
  not_met: (form, card) => choose(form, card, card.querySelector("input[type=radio][value='0'][data-option]:not(:disabled)")),
  clear: (form, card) => { clear(card); return true; },
  comment: (form, card) => { bring(form, "criteria"); comment(card); return true; },
  quote: (form, card) => { quote(form, card); return true; },
  confidence: (form, card) => { confide(card); return true; },
};

function onCardKey(form, key) {
  const card = currentCard(form) ?? cardsOf(form)[0];
  if (!card) return false;
  if (/^[1-9]$/.test(key)) {
    const numbered = optionsOf(card).filter((o) => o.dataset.cannotAssess === undefined);
    return choose(form, card, numbered[Number(key) - 1]);
  }
  return CARD_ACTIONS[actionOf(form, key)]?.(form, card) ?? false;
}

function onSingleKey(form, key, target) {
  const action = actionOf(form, key);
  if (action === "following") return move(form, 1) ?? true;
  if (action === "preceding") return move(form, -1) ?? true;
  if (action === "open") return goTo(form, nextOpen(form, currentCard(form))) ?? true;
  if (action === "response") return toResponse(form) ?? true;
  if ((key === "ArrowDown" || key === "ArrowUp") && target.matches("[data-criterion], body, [data-submit-next]")) {
    return move(form, key === "ArrowDown" ? 1 : -1) ?? true;
  }
  if (action === "submit" && !(key === "Enter" && actsOnEnter(target))) return submit(form) ?? true;
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
  if (!singleKeysOn() || form.dataset.keysOff !== undefined || takesText(event.target)) return;
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
  askWhy(form, event.target);
  count(form);
}

/** Opens the comment where the answer just given asks for one. */
function askWhy(form, field) {
  const card = field.closest?.("[data-criterion]");
  if (!card || field.dataset.option === undefined || missing(form, card) !== form.dataset.commentText) return;
  const fold = card.querySelector(".criterion-comment");
  if (fold && form.dataset.commentText) fold.open = true;
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

/** Says how much is answered, and what the answers need. */
function count(form) {
  const cards = cardsOf(form);
  const number = new Intl.NumberFormat(document.documentElement.lang);
  const text = `${number.format(cards.filter(isMarked).length)} / ${number.format(cards.length)}`;
  for (const box of form.querySelectorAll("[data-marked-count]")) box.textContent = text;
  cards.forEach(tellQuotes);
}

document.addEventListener("keydown", onKey);
document.addEventListener("click", onClick);
document.addEventListener("change", onChange);
whenAdded("form[data-annotate]", (form) => {
  count(form);
  if (form.dataset.keysOff !== undefined) document.documentElement.dataset.keys = "off";
  form.addEventListener("card:go", (event) => goTo(form, event.target));
  // What is read stands before what is judged where only one of them is shown.
  if (narrow.matches && form.querySelector("[data-pane-show]")) return;
  if (form.dataset.annotate !== "still" && document.activeElement === document.body) {
    const cards = cardsOf(form);
    goTo(form, cards.find((card) => !isMarked(card)) ?? cards[0]);
  }
});
whenAdded("[data-auto-advance]", (box) => {
  box.checked = recall("rs.advance") !== "off";
  box.addEventListener("change", () => keep("rs.advance", box.checked ? null : "off"));
});

// Quotes of the response as evidence for a verdict.
//
//   [data-response] holds the response as it is shown, [data-response-source] as it is stored.
//   Each card has a field data-quotes with a quote a line, which is what is saved and all
//   there is without scripts. This draws it as a list, marks the places in the response, and
//   adds what is selected there: by the button that appears or by the key of annotate.js
//   (event "quote:add"). With the response in focus, arrows choose a word, Shift chooses more.

import { piecesOf, placeOf, rangeOf, shownWords } from "./places.js";
import { find, pointsBefore, readLines, says, slice, writeLine } from "./quotes.js";
import { toast, whenAdded } from "./shared.js";

const canHighlight = typeof Highlight === "function" && CSS.highlights !== undefined;

/** What is found out about a form's response once. */
function stateOf(form) {
  const shown = form.querySelector("[data-response]");
  const stored = form.querySelector("[data-response-source]");
  return {
    form,
    shown,
    stored,
    source: stored.textContent,
    pieces: piecesOf(shown),
    words: JSON.parse(form.querySelector("[data-quote-words]").dataset.quoteWords),
    closed: form.querySelector("[data-quotes]:disabled") !== null,
  };
}

const cardOf = (element) => element.closest("[data-criterion]");
const fieldOf = (card) => card.querySelector("[data-quotes]");
const currentCard = (form) => form.querySelector("[data-criterion][data-current]") ?? form.querySelector("[data-criterion]");

// -- what is selected

function selectedPlace(state) {
  const selection = getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  if (state.shown.contains(range.commonAncestorContainer)) return trimmed(state, placeOf(range, state.shown));
  if (!state.stored.contains(range.commonAncestorContainer)) return null;
  const node = state.stored.firstChild;
  const unit = (container, offset) => (container === node ? offset : offset > 0 ? state.source.length : 0);
  const start = pointsBefore(state.source, unit(range.startContainer, range.startOffset));
  const end = pointsBefore(state.source, unit(range.endContainer, range.endOffset));
  return trimmed(state, { start, end });
}

/** The place without white space at its ends. */
function trimmed(state, place) {
  if (!place) return null;
  const text = slice(state.source, place.start, place.end);
  const start = place.start + pointsBefore(text, text.length - text.trimStart().length);
  const end = place.end - (text.length - text.trimEnd().length);
  return start < end ? { start, end, text: slice(state.source, start, end) } : null;
}

// -- quotes of a card

/** The quote with the place where its words stand; without one where they do not. */
function placed(state, quote) {
  if (says(state.source, quote)) return quote;
  const whole = find(quote.text, state.source);
  if (whole) return fromUnits(state, whole);
  const { words, places } = shownWords(state.pieces);
  const seen = find(quote.text, words);
  const [first, last] = seen ? [places[seen[0]], places[seen[1] - 1]] : [null, null];
  if (first === null || last === null) return { text: quote.text, start: null, end: null };
  return { start: first, end: last + 1, text: slice(state.source, first, last + 1) };
}

function fromUnits(state, [from, to]) {
  const start = pointsBefore(state.source, from);
  const end = pointsBefore(state.source, to);
  return { start, end, text: slice(state.source, start, end) };
}

const quotesOf = (state, card) => readLines(fieldOf(card).value).map((quote) => placed(state, quote));

function write(card, quotes) {
  const field = fieldOf(card);
  const lines = [...new Set(quotes.map(writeLine))];
  field.value = lines.join("\n");
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

function add(state, card, quote) {
  card.querySelector("[data-quotes-of]").open = true;
  write(card, [...quotesOf(state, card), quote]);
  getSelection().removeAllRanges();
  hideBar(state);
}

function remove(state, card, at) {
  write(card, quotesOf(state, card).filter((_, n) => n !== at));
  const left = card.querySelectorAll("[data-quote-remove]");
  (left[Math.min(at, left.length - 1)] ?? card.querySelector("[data-quote-paste]")).focus();
}

// -- the list in a card

function dress(state, card) {
  const field = fieldOf(card);
  const box = field.parentElement;
  for (const element of [field, ...field.labels]) element.hidden = true;
  const list = document.createElement("ol");
  list.className = "quote-list";
  const paste = document.createElement("input");
  Object.assign(paste, { type: "text", placeholder: state.words.paste, disabled: field.disabled, dir: "auto" });
  paste.setAttribute("aria-label", state.words.paste);
  paste.dataset.quotePaste = "";
  box.append(list, paste);
  if (field.disabled) paste.hidden = true;
  for (const name of ["input", "change"]) paste.addEventListener(name, (event) => event.stopPropagation());
  paste.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    takePasted(state, card, paste);
  });
  paste.addEventListener("blur", () => takePasted(state, card, paste));
}

function takePasted(state, card, paste) {
  const text = paste.value.trim();
  paste.value = "";
  if (text) add(state, card, placed(state, { text, start: null, end: null }));
}

function drawList(state, card) {
  const quotes = quotesOf(state, card);
  const list = card.querySelector(".quote-list");
  list.replaceChildren(...quotes.map((quote, at) => row(state, card, quote, at)));
  list.hidden = quotes.length === 0;
}

function row(state, card, quote, at) {
  const item = document.createElement("li");
  const go = document.createElement(quote.start === null ? "span" : "button");
  go.className = "quote-go";
  go.dir = "auto";
  go.textContent = quote.text;
  if (quote.start === null) {
    item.className = "is-lost tone-warning";
    const note = document.createElement("span");
    note.className = "quote-lost";
    note.textContent = `⚠ ${state.words.lost}`;
    item.append(go, note);
  } else {
    go.type = "button";
    go.title = state.words.go;
    go.addEventListener("click", () => show(state, quote));
    item.append(go);
  }
  if (!state.closed) item.append(removal(state, card, quote, at));
  return item;
}

function removal(state, card, quote, at) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-quiet btn-small btn-icon";
  button.textContent = "×";
  button.dataset.quoteRemove = "";
  button.setAttribute("aria-label", `${state.words.remove}: ${quote.text.slice(0, 60)}`);
  button.addEventListener("click", () => remove(state, card, at));
  return button;
}

// -- the places in the response

function show(state, quote) {
  state.form.dispatchEvent(new CustomEvent("pane:show", { detail: "response" }));
  const raw = state.stored.closest("details");
  if (raw?.open) raw.open = false;
  const range = rangeOf(quote, state.pieces);
  if (!range) return;
  scrollToRange(range);
  if (canHighlight) {
    CSS.highlights.set("evidence-shown", new Highlight(range));
    setTimeout(() => CSS.highlights.delete("evidence-shown"), 2000);
  }
}

function scrollToRange(range) {
  const box = range.getBoundingClientRect();
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  scrollBy({ top: box.top - innerHeight / 3, behavior: calm ? "instant" : "smooth" });
}

function drawPlaces(state) {
  const current = currentCard(state.form);
  const other = [];
  const own = [];
  const marks = [];
  for (const card of state.form.querySelectorAll("[data-criterion]")) {
    for (const quote of quotesOf(state, card)) {
      const range = quote.start === null ? null : rangeOf(quote, state.pieces);
      if (!range) continue;
      (card === current ? own : other).push(range);
      marks.push({ range, card });
    }
  }
  if (canHighlight) {
    CSS.highlights.set("evidence", new Highlight(...other));
    CSS.highlights.set("evidence-current", new Highlight(...own));
  }
  drawMarks(state, marks);
}

/** Numbers beside the lines where quotes begin; each leads to its criterion. */
function drawMarks(state, marks) {
  state.shown.querySelector(".quote-marks")?.remove();
  if (!marks.length) return;
  const layer = document.createElement("div");
  layer.className = "quote-marks";
  const frame = state.shown.getBoundingClientRect();
  const taken = new Map();
  for (const { range, card } of marks) {
    const box = range.getClientRects()[0];
    if (!box) continue;
    const line = Math.round(box.top - frame.top);
    const key = `${line} ${card.id}`;
    if (taken.has(key)) continue;
    const before = [...taken.keys()].filter((name) => name.startsWith(`${line} `)).length;
    taken.set(key, true);
    layer.append(mark(card, line, before));
  }
  state.shown.append(layer);
}

function mark(card, line, before) {
  const link = document.createElement("a");
  link.href = `#${card.id}`;
  link.className = "quote-mark";
  link.textContent = card.querySelector(".criterion-number")?.textContent ?? card.dataset.criterion;
  link.setAttribute("aria-label", `→ ${link.textContent}`);
  link.style.setProperty("inset-block-start", `${line}px`);
  link.style.setProperty("margin-inline-start", `${before * 1.4}rem`);
  link.addEventListener("click", (event) => {
    event.preventDefault();
    card.dispatchEvent(new CustomEvent("card:go", { bubbles: true }));
  });
  return link;
}

// -- the button that appears beside a selection

function barOf(state) {
  if (state.bar) return state.bar;
  const bar = document.createElement("div");
  bar.className = "quote-bar";
  bar.hidden = true;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-primary btn-small";
  // A press must not take the selection away.
  button.addEventListener("pointerdown", (event) => event.preventDefault());
  button.addEventListener("click", () => addSelected(state));
  bar.append(button);
  state.form.append(bar);
  state.bar = bar;
  return bar;
}

const hideBar = (state) => { if (state.bar) state.bar.hidden = true; };

function onSelection(state) {
  if (state.closed) return;
  const place = selectedPlace(state);
  const card = currentCard(state.form);
  if (!place || !card) return hideBar(state);
  const bar = barOf(state);
  const number = card.querySelector(".criterion-number")?.textContent ?? "";
  bar.firstElementChild.textContent = state.words.add.replace("{n}", number);
  bar.hidden = false;
  const box = getSelection().getRangeAt(0).getBoundingClientRect();
  bar.style.setProperty("--top", `${Math.min(innerHeight - 90, Math.max(60, box.bottom + 6))}px`);
  bar.style.setProperty("--left", `${Math.min(innerWidth - 220, Math.max(8, box.left))}px`);
}

function addSelected(state) {
  const place = selectedPlace(state);
  const card = currentCard(state.form);
  if (!place || !card) return false;
  add(state, card, place);
  const number = card.querySelector(".criterion-number")?.textContent ?? "";
  toast({ tone: "success", text: `${state.words.added}: ${number}` });
  return true;
}

// -- choosing words by keyboard

const STEPS = { ArrowLeft: ["left", "word"], ArrowRight: ["right", "word"], ArrowUp: ["backward", "line"], ArrowDown: ["forward", "line"] };

function onArrow(state, event) {
  const step = STEPS[event.key];
  if (event.target !== state.shown || !step || event.altKey || event.metaKey) return;
  event.preventDefault();
  const selection = getSelection();
  if (!state.shown.contains(selection.anchorNode)) return startWords(state);
  if (event.shiftKey) {
    selection.modify("extend", step[0], step[1] === "line" ? "line" : event.ctrlKey ? "character" : "word");
  } else {
    chooseWord(state, selection, step);
  }
  keepInside(state, selection);
  selection.focusNode.parentElement?.scrollIntoView({ block: "nearest" });
}

function startWords(state) {
  const first = state.pieces.find(({ node, whole }) => node && !whole);
  if (!first) return;
  const selection = getSelection();
  selection.collapse(first.node, 0);
  selection.modify("extend", "forward", "word");
}

function chooseWord(state, selection, [direction, unit]) {
  const back = direction === "left" || direction === "backward";
  if (back) selection.collapseToStart();
  else selection.collapseToEnd();
  selection.modify("move", direction, unit);
  selection.modify("extend", unit === "word" && !back ? "backward" : "forward", "word");
  // Whatever side it was reached from, Shift adds words behind it.
  const { startContainer, startOffset, endContainer, endOffset } = selection.getRangeAt(0);
  selection.setBaseAndExtent(startContainer, startOffset, endContainer, endOffset);
}

/** A selection that has left the response goes back to its edge. */
function keepInside(state, selection) {
  if (state.shown.contains(selection.focusNode) && state.shown.contains(selection.anchorNode)) return;
  startWords(state);
}

// -- all together

function start(form) {
  if (!form.querySelector("[data-response]") || !form.querySelector("[data-quotes]")) return;
  const state = stateOf(form);
  const cards = [...form.querySelectorAll("[data-criterion]")].filter((card) => fieldOf(card));
  for (const card of cards) dress(state, card);
  const draw = () => {
    for (const card of cards) drawList(state, card);
    drawPlaces(state);
  };
  draw();
  form.addEventListener("change", (event) => {
    if (event.target === form || event.target.matches?.("[data-quotes]")) draw();
  });
  form.addEventListener("card:current", () => drawPlaces(state));
  form.addEventListener("quote:add", (event) => {
    if (!addSelected(state)) event.preventDefault();
  });
  document.addEventListener("selectionchange", () => onSelection(state));
  state.shown.addEventListener("keydown", (event) => onArrow(state, event));
  state.shown.addEventListener("focus", () => {
    if (state.shown.matches(":focus-visible") && getSelection().isCollapsed) startWords(state);
  });
  new ResizeObserver(() => drawPlaces(state)).observe(state.shown.querySelector(".annotate-rendered"));
}

whenAdded("form[data-annotate]", start);

// The editor of a rubric: keys of a row, rows that somebody is typing in while the list is
// drawn anew, levels of a scale. Saving is htmx's: every row is a form with hx-trigger.

import { whenAdded } from "./shared.js";

const rowOf = (element) => element.closest(".rubric-item");
const fieldsOf = (form) => [...form.elements].filter((field) => field.name && field.type !== "hidden");

function isChanged(field) {
  if (field instanceof HTMLSelectElement) {
    return [...field.options].some((option) => option.selected !== option.defaultSelected);
  }
  return field.value !== field.defaultValue;
}

const isDirty = (form) => fieldsOf(form).some(isChanged);

/** What the form holds now is what the server holds. */
function settle(form, sent) {
  for (const field of fieldsOf(form)) {
    if (field instanceof HTMLSelectElement) {
      for (const option of field.options) option.defaultSelected = option.value === sent.get(field.name);
    } else if (sent.has(field.name)) {
      field.defaultValue = sent.get(field.name);
    }
  }
}

/** Saves what is being typed in a row, before something else happens to it. */
function commit(element) {
  const form = element.closest("[data-row-form]");
  if (form && isDirty(form)) element.dispatchEvent(new Event("change", { bubbles: true }));
}

// -- keys

function press(row, selector) {
  row?.querySelector(`:scope > .rubric-row ${selector}`)?.click();
}

function nextText(row) {
  const texts = [...document.querySelectorAll("[data-row-text], #criterion-add [data-add-text]")];
  return texts[texts.indexOf(row.querySelector("[data-row-text]")) + 1] ?? null;
}

function onEnter(event) {
  const field = event.target;
  if (field.matches("[data-add-text]")) {
    event.preventDefault();
    if (field.value.trim()) field.form.requestSubmit(field.form.querySelector("[name=kind]"));
    return;
  }
  const row = rowOf(field);
  event.preventDefault();
  commit(field);
  if (event.altKey) press(row, "[id^=edit-]");
  else if (event.ctrlKey || event.metaKey) press(row, "[data-add-below]");
  else nextText(row)?.focus();
}

function onKey(event) {
  if (event.defaultPrevented || event.isComposing || !(event.target instanceof Element)) return;
  const row = rowOf(event.target);
  if (event.key === "Enter" && !event.shiftKey && event.target.matches("[data-row-text], [data-add-text]")) {
    onEnter(event);
  } else if (event.altKey && row && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
    event.preventDefault();
    commit(event.target);
    const inwards = (event.key === "ArrowRight") === (document.documentElement.dir !== "rtl");
    press(row, inwards ? "[data-move=indent]" : "[data-move=outdent]");
  } else if (event.key === "Escape" && event.target.matches("[data-add-text]")) {
    closeAdd(event.target);
  }
}

function closeAdd(element) {
  const line = element.closest(".rubric-add");
  if (!line?.querySelector("[data-close-add]") || line.querySelector("[data-add-text]").value.trim()) return;
  const before = line.previousElementSibling;
  line.remove();
  before?.querySelector("[data-row-text]")?.focus();
}

// -- the list is drawn anew: rows with unsaved text and open rows stay as they are

let kept = [];
let focused = null;

function onBeforeSwap(event) {
  if (event.detail.target.id !== "criteria" || !event.detail.shouldSwap) return;
  const open = [...document.querySelectorAll("#criteria [data-open-row]")];
  const dirty = [...document.querySelectorAll("#criteria [data-row-form]")].filter(isDirty);
  // The row whose button was pressed is drawn anew: its fields have been saved.
  const pressed = event.detail.requestConfig.elt.closest(".rubric-row, .rubric-open");
  const rows = [...open, ...dirty.map((form) => form.closest(".rubric-row"))].filter((row) => row !== pressed || dirty.some((form) => row.contains(form)));
  focused = document.activeElement?.id ?? null;
  kept = rows;
  for (const row of rows) row.replaceWith(document.createElement("div"));
}

function onAfterSwap() {
  for (const row of kept) document.getElementById(row.id)?.replaceWith(row);
  if (kept.length && focused) document.getElementById(focused)?.focus({ preventScroll: true });
  kept = [];
}

function onAfterRequest(event) {
  const form = event.detail.elt;
  if (!form.matches?.("[data-row-form]") || !event.detail.successful) return;
  settle(form, new Map(Object.entries(event.detail.requestConfig.parameters)));
}

/** Leaving the page with text that is not saved asks first. */
function onLeave(event) {
  const forms = [...document.querySelectorAll("[data-row-form], [data-add-form], [data-editor] [data-full-form]")];
  if (forms.some(isDirty)) event.preventDefault();
}

// -- levels

function onClick(event) {
  if (!(event.target instanceof Element)) return;
  const adder = event.target.closest("[data-add-level]");
  if (adder) addLevel(adder.closest("fieldset").querySelector("[data-levels]"));
  const another = event.target.closest("[data-add-example]");
  if (another) addExample(another.closest("fieldset").querySelector("ol"));
  const closer = event.target.closest("[data-close-add]");
  if (closer) closer.closest(".rubric-add").remove();
}

function addLevel(list) {
  const level = list.lastElementChild.cloneNode(true);
  for (const field of level.querySelectorAll("input")) field.value = "";
  level.firstElementChild.placeholder = String(list.children.length + 1);
  list.append(level);
  level.querySelector("[name=level_label]").focus();
}

function addExample(list) {
  const example = list.lastElementChild.cloneNode(true);
  for (const field of example.querySelectorAll("textarea, input")) field.value = "";
  list.append(example);
  example.querySelector("textarea").focus();
}

function showScale(box) {
  const kind = box.querySelector("[name=scale_kind]");
  const show = () => {
    for (const part of box.querySelectorAll("[data-scale-part]")) {
      part.hidden = part.dataset.scalePart !== kind.value;
    }
  };
  kind.addEventListener("change", show);
  show();
}

document.addEventListener("keydown", onKey);
document.addEventListener("click", onClick);
document.addEventListener("htmx:beforeSwap", onBeforeSwap);
document.addEventListener("htmx:afterSwap", onAfterSwap);
document.addEventListener("htmx:afterRequest", onAfterRequest);
window.addEventListener("beforeunload", onLeave);
whenAdded("[data-scale]", showScale);

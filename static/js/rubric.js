// The editor of a rubric: keys and menus of rows, rows that come, go and move after an edit
// (the event "rubric-patch" of the server), pasted lists, levels of a scale. Saving is htmx's:
// every row is a form with hx-trigger.

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

// -- what is done to a row

const TOP = ".rubric-top";
const idOf = (row) => row.dataset.reorderItem;
const formOf = (row) => row.querySelector(":scope > .rubric-row > [data-row-form]");
const addForm = () => document.querySelector("#criterion-add [data-add-form]");

function ask(method, url, values, row, options = {}) {
  return window.htmx.ajax(method, url, { source: row, target: row, swap: "none", values, ...options });
}

function act(row, what) {
  if (what === "add") {
    const url = `${addForm().getAttribute("action")}?after=${encodeURIComponent(row.dataset.name)}`;
    return ask("GET", url, {}, row, { swap: "afterend" });
  }
  const url = document.getElementById(`edit-${idOf(row)}`)?.getAttribute("href");
  return url && ask("POST", `${url}act/`, { do: what }, row);
}

/** Runs what comes next once that which is typed in the row is saved; not where it was refused. */
function settled(row, next) {
  const form = formOf(row);
  if (!form || !isDirty(form)) return next();
  // Once the form knows that it is saved, so that nobody is asked whether to leave it.
  form.addEventListener("htmx:afterRequest", (event) => event.detail.successful && queueMicrotask(next), { once: true });
  form.dispatchEvent(new Event("change", { bubbles: true }));
}

/** Makes two criteria of one, at the cursor. Without a cursor in it, the page with both texts. */
function split(row, weighing) {
  const form = formOf(row);
  const field = form?.querySelector("[data-row-text]");
  if (!field || row.matches(".is-group")) return;
  const at = field.selectionStart;
  const [first, second] = [field.value.slice(0, at), field.value.slice(at)];
  const url = `${form.getAttribute("action")}split/`;
  if (!first.trim() || !second.trim()) {
    settled(row, () => location.assign(url));
    return;
  }
  settled(row, () => {
    const row_version = form.elements.namedItem("row_version").value;
    ask("POST", url, { first, second, weighing, row_version }, row);
  });
}

function undo(again) {
  const button = document.getElementById(again ? "redo" : "undo");
  const row = document.activeElement && rowOf(document.activeElement);
  if (button && row) settled(row, () => button.click());
  else button?.click();
}

// -- keys

const allTexts = () => [...document.querySelectorAll("[data-row-text], #criterion-add [data-add-text]")];

function nextText(row) {
  const texts = allTexts();
  return texts[texts.indexOf(row.querySelector("[data-row-text]")) + 1] ?? null;
}

/** Arrow up at the beginning of a text, and down at its end, go to the row above or below. */
function onArrow(event) {
  const [field, up] = [event.target, event.key === "ArrowUp"];
  const edge = up ? 0 : field.value.length;
  if (field.selectionStart !== edge || field.selectionEnd !== edge) return;
  const texts = allTexts();
  const next = texts[texts.indexOf(field) + (up ? -1 : 1)];
  if (!next) return;
  event.preventDefault();
  next.focus();
  next.setSelectionRange(0, 0);
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
  if (event.altKey) document.getElementById(`edit-${idOf(row)}`)?.click();
  else if (event.ctrlKey || event.metaKey) act(row, "add");
  else nextText(row)?.focus();
}

const ALT = {
  KeyS: (row) => split(row, "divide"),
  KeyJ: (row) => settled(row, () => act(row, "merge")),
  KeyC: (row) => settled(row, () => act(row, "duplicate")),
  Delete: (row) => act(row, "delete"),
};

/** Whether the browser's own undo belongs to this field. */
const keepsUndo = (field) => field.matches("textarea, input:not([type=checkbox]), [contenteditable]");

function onUndoKey(event) {
  if (event.code !== "KeyZ" && event.key.toLowerCase() !== "z") return false;
  const chord = event.ctrlKey || event.metaKey;
  if (!(event.altKey && !chord) && !(chord && !event.altKey && !keepsUndo(event.target))) return false;
  event.preventDefault();
  undo(event.shiftKey);
  return true;
}

function onAltKey(event, row) {
  if (event.code === "KeyN") {
    event.preventDefault();
    document.querySelector("#criterion-add [data-add-text]")?.focus();
  } else if (row && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
    event.preventDefault();
    const inwards = (event.key === "ArrowRight") === (document.documentElement.dir !== "rtl");
    settled(row, () => act(row, inwards ? "indent" : "outdent"));
  } else if (row && event.code === "KeyS" && event.shiftKey) {
    event.preventDefault();
    split(row, "keep");
  } else if (row && ALT[event.code] && !event.target.closest("[data-open-row]")) {
    event.preventDefault();
    ALT[event.code](row);
  }
}

function onKey(event) {
  if (event.defaultPrevented || event.isComposing || !(event.target instanceof Element)) return;
  if (!document.querySelector("[data-editor]") || onUndoKey(event)) return;
  const row = rowOf(event.target);
  if (event.key === "Enter" && !event.shiftKey && event.target.matches("[data-row-text], [data-add-text]")) {
    onEnter(event);
  } else if (event.altKey && !event.ctrlKey && !event.metaKey) {
    onAltKey(event, row);
  } else if (/^Arrow(Up|Down)$/.test(event.key) && !event.shiftKey && !event.ctrlKey && event.target.matches("[data-row-text], [data-add-text]")) {
    onArrow(event);
  } else if (event.key === " " && event.target.matches("[data-row-menu]")) {
    event.preventDefault();
    openMenu(event.target);
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

// -- menus: a row gets its own when it is opened, for five hundred of them weigh too much

function openMenu(button) {
  const row = rowOf(button);
  const menu = document.getElementById("row-menu").content.firstElementChild.cloneNode(true);
  const summary = menu.querySelector("summary");
  summary.id = button.id;
  for (const link of menu.querySelectorAll("a[data-act]")) link.href = pageOf(link, button.getAttribute("href"), row);
  button.replaceWith(menu);
  countInside(menu, row);
  menu.addEventListener("toggle", () => menu.open && countInside(menu, row));
  summary.focus();
}

/** The page that an item of a row's menu leads to. */
function pageOf(link, criterion, row) {
  if (!link.dataset.href) return `${criterion}${link.dataset.act}/`;
  return `${link.dataset.href}?key=${encodeURIComponent(row.dataset.name)}#new`;
}

function countInside(menu, row) {
  const inside = row.querySelectorAll("[data-reorder-item]").length;
  const item = menu.querySelector("[data-act=delete]");
  const word = item.querySelector("span");
  item.dataset.alone ??= word.textContent;
  word.textContent = inside ? item.dataset.inside.replace("{n}", inside) : item.dataset.alone;
  for (const choice of menu.querySelectorAll("[data-act=split], [data-act=merge], [data-act=similar], [data-act=share]")) {
    choice.hidden = row.matches(".is-group");
  }
}

function onAct(event, item) {
  const row = rowOf(item);
  const form = formOf(row);
  if (item.matches("a") && !(form && isDirty(form))) return;
  event.preventDefault();
  if (item.matches("a")) {
    settled(row, () => location.assign(item.href));
    return;
  }
  item.closest("details").open = false;
  settled(row, () => act(row, item.dataset.act));
}

/** The choices of a tier come when somebody is about to choose. */
function fillTiers(select) {
  if (select.dataset.filled) return;
  select.dataset.filled = "1";
  const known = new Map([...select.options].map((option) => [option.value, option]));
  for (const choice of document.getElementById("tier-options")?.content.children ?? []) {
    const there = known.get(choice.value);
    if (there) there.textContent = choice.textContent;
    else select.append(choice.cloneNode(true));
  }
}

// -- rows come, go and move

let lastFocus = null;

function onPatch(event) {
  const { places, removed, focus } = event.detail;
  const active = lastFocus;
  for (const id of removed) removeRow(document.getElementById(`criterion-${id}`));
  for (const { id, parent, before } of places) putRow(id, parent, before);
  for (const line of document.querySelectorAll("[data-paste]")) line.remove();
  focusAfter(focus, active);
}

function removeRow(row) {
  if (!row) return;
  const near = row.nextElementSibling?.matches("[data-reorder-item]") ? row.nextElementSibling : row.previousElementSibling;
  const held = row.contains(document.activeElement);
  row.remove();
  if (held && !document.getElementById("undo-deletion")) near?.querySelector("[data-row-text]")?.focus();
}

function putRow(id, parent, before) {
  const row = document.getElementById(`criterion-${id}`);
  const list = document.querySelector(parent ? `#criterion-${parent} > [data-reorder]` : TOP);
  if (!row || !list) return;
  const behind = before && document.getElementById(`criterion-${before}`);
  // Lines that open a new row stand last.
  const end = [...list.children].find((child) => child.matches(".rubric-into, #criterion-add"));
  const next = behind?.parentElement === list ? behind : (end ?? null);
  if (row.parentElement !== list || row.nextElementSibling !== next) list.insertBefore(row, next);
}

function focusAfter(pk, active) {
  const row = pk && document.getElementById(`criterion-${pk}`);
  const same = active && document.getElementById(active);
  if (row) {
    row.scrollIntoView({ block: "nearest" });
    const field = same && row.contains(same) ? same : row.querySelector("[data-row-text]");
    field?.focus({ preventScroll: true });
  } else if (document.activeElement === document.body) {
    (document.getElementById("undo-deletion") ?? same)?.focus({ preventScroll: true });
  }
}

// -- a pasted list is looked at before it is stored

function onPaste(event) {
  const field = event.target;
  if (!(field instanceof Element) || !field.matches("[data-add-text]")) return;
  const pasted = event.clipboardData?.getData("text/plain") ?? "";
  if (pasted.trim().split(/\r?\n/).filter((line) => line.trim()).length < 2) return;
  event.preventDefault();
  const [form, line] = [field.form, field.closest("li")];
  const values = { pasted: field.value + pasted, do: "preview" };
  for (const name of ["after", "parent"]) values[name] = form.elements.namedItem(name).value;
  field.value = "";
  ask("POST", form.dataset.pasteUrl, values, line, { swap: "beforebegin" });
}

/** Which row somebody is in goes with the sign that they are here. */
function onConfigure(event) {
  if (event.detail.elt.id !== "presence") return;
  const row = document.activeElement && rowOf(document.activeElement);
  if (row) event.detail.parameters.set("row", idOf(row));
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
  const near = (selector) => event.target.closest(selector);
  const adder = near("[data-add-level]");
  if (adder) addLevel(adder.closest("fieldset").querySelector("[data-levels]"));
  const another = near("[data-add-example]");
  if (another) addExample(another.closest("fieldset").querySelector("ol"));
  near("[data-close-add]")?.closest(".rubric-add").remove();
  const item = near("[data-act]");
  if (item) onAct(event, item);
  const menu = near("[data-row-menu]");
  if (menu) {
    event.preventDefault();
    // app.js closes open menus on this very click.
    queueMicrotask(() => openMenu(menu));
  }
  const close = near("[data-editor] [data-close-paste]");
  if (close) {
    event.preventDefault();
    close.closest("li").remove();
    addForm()?.querySelector("[data-add-text]").focus();
  }
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
document.addEventListener("paste", onPaste);
document.addEventListener("focusin", (event) => {
  lastFocus = event.target.id || null;
  if (event.target.matches("[data-tier]")) fillTiers(event.target);
});
document.addEventListener("pointerdown", (event) => {
  if (event.target instanceof Element && event.target.matches("[data-tier]")) fillTiers(event.target);
});
document.addEventListener("rubric-patch", onPatch);
document.addEventListener("htmx:configRequest", onConfigure);
document.addEventListener("htmx:afterRequest", onAfterRequest);
window.addEventListener("beforeunload", onLeave);
whenAdded("[data-scale]", showScale);
whenAdded("[data-editor] [data-open-row]", (open) => open.querySelector("[name=text]")?.focus());

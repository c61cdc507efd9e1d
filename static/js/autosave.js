// Keeps what is being filled in, on the server and, until that has worked, in this browser.
//
//   <form data-autosave="URL" data-autosave-key="session-3-item-12" data-revision="7">
//
// A change is POSTed to URL after a short pause, with all fields of the form. The reply is
// JSON {"revision": "8"}, which is sent back as the field "revision" where the form has one;
// with "entries" ([name, value] pairs) where the server merged in what another tab had
// answered and this one had not. 409 says that both tabs answered, differently: the button
// [data-show-both] then leads to a page that shows both. Any other refusal may say why in
// "message". A field [data-tab] gets a name for this tab, so that the server knows who wrote
// last. An element with data-save-state (_components/save_state.html) shows where things stand.
//
// The browser's copy goes once the server has the draft. A copy of a submit that may not have
// arrived goes on the next page with [data-autosave-arrived]; a page that the server made from
// what was sent carries data-autosave-sent on its form.
// `new Event("autosave:now", {bubbles: true})` on the form saves without the pause.

import { keep, post, recall, toast, whenAdded } from "./shared.js";

const PAUSE = 700;
const RETRY = [2000, 5000, 15000, 30000, 60000];
const PREFIX = "rs.draft.";
const TOO_OLD = 30 * 24 * 3600 * 1000;
const states = new WeakMap();

const stateOf = (form) => states.get(form);
const copyName = (form) => PREFIX + (form.dataset.autosaveKey || form.dataset.autosave);

const NOT_ENTRIES = new Set(["csrfmiddlewaretoken", "revision", "tab"]);

function entriesOf(form) {
  const isEntry = ([name, value]) => typeof value === "string" && !NOT_ENTRIES.has(name);
  return [...new FormData(form)].filter(isEntry);
}

function show(form, state, detail = "") {
  const box = form.querySelector("[data-save-state]");
  if (!box) return;
  box.dataset.state = state;
  box.querySelector("[data-save-text]").textContent = detail || (box.dataset[state] ?? "");
}

function writeCopy(form, extra = {}) {
  const copy = { at: Date.now(), revision: form.dataset.revision ?? "", entries: entriesOf(form), ...extra };
  keep(copyName(form), JSON.stringify(copy));
}

function readCopy(name) {
  try {
    return JSON.parse(recall(name));
  } catch {
    return null;
  }
}

function onChange(event) {
  const form = event.target.closest?.("form[data-autosave]");
  const state = form && stateOf(form);
  if (!state || state.stopped) return;
  state.changes += 1;
  writeCopy(form);
  schedule(form, PAUSE);
}

function schedule(form, delay) {
  const state = stateOf(form);
  clearTimeout(state.timer);
  state.timer = setTimeout(() => save(form), delay);
}

/** Sends the form as it is now; a change made meanwhile is sent after it. */
async function save(form, options = {}) {
  const state = stateOf(form);
  clearTimeout(state.timer);
  if (state.stopped || state.busy || state.changes === state.saved) return;
  const changes = state.changes;
  state.busy = true;
  show(form, "saving");
  try {
    const response = await post(form.dataset.autosave, new FormData(form), { form, ...options });
    await onReply(form, response, changes);
  } catch {
    retryLater(form);
  } finally {
    state.busy = false;
  }
  if (!state.stopped && state.failures === 0 && state.changes !== state.saved) schedule(form, PAUSE);
}

async function onReply(form, response, changes) {
  const state = stateOf(form);
  const reply = await readReply(response);
  if (reply.revision !== undefined) setRevision(form, reply.revision);
  if (response.ok && !response.redirected) {
    if (reply.entries && state.changes === changes) fillBlanks(form, reply.entries);
    state.saved = changes;
    state.failures = 0;
    if (state.changes === changes) {
      keep(copyName(form), null);
      show(form, "saved");
    }
  } else if (response.status === 409) {
    state.stopped = true;
    show(form, "conflict", reply.message);
    form.querySelector("[data-show-both]")?.removeAttribute("hidden");
  } else if (response.status >= 500 || response.status === 429) {
    retryLater(form);
  } else {
    // Refused for what it says, or signed out: sending the same again would not help.
    state.saved = changes;
    state.failures = 0;
    show(form, "failed", reply.message);
  }
}

async function readReply(response) {
  if (!response.headers.get("content-type")?.includes("json")) return {};
  try {
    return (await response.json()) ?? {};
  } catch {
    return {};
  }
}

function setRevision(form, revision) {
  form.dataset.revision = revision;
  const field = form.elements.namedItem("revision");
  if (field) field.value = revision;
}

/** Takes over what another tab answered, where this one has no answer. */
function fillBlanks(form, entries) {
  const answered = new Set(entriesOf(form).filter(([, value]) => value !== "").map(([name]) => name));
  const missing = entries.filter(([name]) => !answered.has(name));
  if (missing.length) fill(form, missing);
}

function retryLater(form) {
  const state = stateOf(form);
  show(form, "offline");
  schedule(form, RETRY[Math.min(state.failures, RETRY.length - 1)]);
  state.failures += 1;
}

const holdsChoice = (field) => field.type === "radio" || field.type === "checkbox";

/** Puts values into the fields that have one; the others stay as they are. */
function fill(form, entries) {
  const values = new Map();
  for (const [name, value] of entries) values.set(name, [...(values.get(name) ?? []), value]);
  for (const field of form.elements) {
    const wanted = values.get(field.name);
    if (!wanted || ["hidden", "submit", "button", "file"].includes(field.type)) continue;
    if (holdsChoice(field)) field.checked = wanted.includes(field.value);
    else if (field.type === "select-multiple") for (const o of field.options) o.selected = wanted.includes(o.value);
    else if (!(field.type === "number" && Number.isNaN(Number(wanted[0])))) field.value = wanted[0];
  }
  for (const fold of form.querySelectorAll("details:not([open])")) {
    fold.open = [...fold.querySelectorAll("textarea")].some((field) => field.value !== "");
  }
  form.dispatchEvent(new Event("change", { bubbles: true }));
}

/** Puts a copy back into the form, choices that it does not hold undone, and sends it. */
function restore(form, entries) {
  for (const field of form.elements) if (holdsChoice(field) && field.name) field.checked = false;
  fill(form, entries);
}

function nameTab(form) {
  const field = form.querySelector("[data-tab]");
  const part = () => Math.floor(Math.random() * 2 ** 32).toString(16);
  if (field && !field.value) field.value = part() + part();
}

function start(form) {
  if (stateOf(form)) return;
  nameTab(form);
  states.set(form, { timer: 0, changes: 0, saved: 0, failures: 0, busy: false, stopped: false });
  const copy = readCopy(copyName(form));
  if (!copy) return;
  const same = JSON.stringify(copy.entries) === JSON.stringify(entriesOf(form));
  if (same || form.dataset.autosaveSent !== undefined) {
    keep(copyName(form), null);
    return;
  }
  // The copy was never sent. Sent with the revision it was made on, the server can tell
  // whether another tab has answered something else meanwhile.
  setRevision(form, copy.revision);
  restore(form, copy.entries);
}

function onSubmit(event) {
  const state = stateOf(event.target);
  if (!state) return;
  if (!navigator.onLine) {
    event.preventDefault();
    show(event.target, "offline");
    toast({ tone: "warning", text: event.target.dataset.offlineText });
    return;
  }
  clearTimeout(state.timer);
  // The copy outlives the submit in case the server is not reached; see forgetArrived.
  if (recall(copyName(event.target))) writeCopy(event.target, { submitted: true });
  // No draft may arrive after what was submitted.
  if (!event.defaultPrevented) state.stopped = true;
}

/** The page came back from the browser's own store, so its submit may not have arrived. */
function onPageShow(event) {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-autosave]")) {
    const state = stateOf(form);
    if (state) state.stopped = false;
  }
}

/** What was submitted and has arrived is not needed here any more, nor are old copies. */
function forgetArrived() {
  const arrived = document.querySelector("[data-autosave-arrived]") !== null;
  const here = new Set([...document.querySelectorAll("form[data-autosave]")].map(copyName));
  for (const name of Object.keys(localStorage)) {
    if (!name.startsWith(PREFIX)) continue;
    const copy = readCopy(name);
    const isDone = copy?.submitted && arrived && !here.has(name);
    if (!copy || isDone || Date.now() - copy.at > TOO_OLD) keep(name, null);
  }
}

function flush() {
  for (const form of document.querySelectorAll("form[data-autosave]")) save(form, { keepalive: true });
}

document.addEventListener("input", onChange);
document.addEventListener("change", onChange);
document.addEventListener("autosave:now", (event) => save(event.target.closest("form")));
// Before app.js, which takes a form that is not stopped here for sent.
document.addEventListener("submit", onSubmit, { capture: true });
document.addEventListener("visibilitychange", () => document.hidden && flush());
window.addEventListener("pagehide", flush);
window.addEventListener("pageshow", onPageShow);
window.addEventListener("online", flush);
try {
  forgetArrived();
} catch {
  // Storage is forbidden: saving on the server still works.
}
whenAdded("form[data-autosave]", start);

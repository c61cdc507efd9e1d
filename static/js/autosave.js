// Keeps what is being filled in, on the server and, until that has worked, in this browser.
//
//   <form data-autosave="URL" data-autosave-key="session-3-item-12" data-revision="7">
//
// A change is POSTed to URL after a short pause, with all fields of the form. The reply is
// 2xx, and may be JSON {"revision": "8"} that is sent back as the field "revision" where the
// form has one. 409 says that the draft was changed elsewhere. An element with
// data-save-state in the form (_components/save_state.html) shows where things stand.
// `new Event("autosave:now", {bubbles: true})` on the form saves without the pause.

import { keep, post, recall, whenAdded } from "./shared.js";

const PAUSE = 700;
const RETRY = [2000, 5000, 15000, 30000, 60000];
const PREFIX = "rs.draft.";
const TOO_OLD = 30 * 24 * 3600 * 1000;
const states = new WeakMap();

const stateOf = (form) => states.get(form);
const copyName = (form) => PREFIX + (form.dataset.autosaveKey || form.dataset.autosave);

function entriesOf(form) {
  const isText = ([name, value]) =>
    typeof value === "string" && name !== "csrfmiddlewaretoken" && name !== "revision";
  return [...new FormData(form)].filter(isText);
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
  if (response.ok && !response.redirected) {
    await adoptRevision(form, response);
    state.saved = changes;
    state.failures = 0;
    if (state.changes === changes) {
      keep(copyName(form), null);
      show(form, "saved");
    }
  } else if (response.status === 409) {
    state.stopped = true;
    show(form, "conflict");
  } else if (response.status >= 500 || response.status === 429) {
    retryLater(form);
  } else {
    // Refused for what it says, or signed out: sending the same again would not help.
    state.saved = changes;
    show(form, "failed");
  }
}

async function adoptRevision(form, response) {
  if (!response.headers.get("content-type")?.includes("json")) return;
  const { revision } = await response.json();
  if (revision === undefined) return;
  form.dataset.revision = revision;
  const field = form.elements.namedItem("revision");
  if (field) field.value = revision;
}

function retryLater(form) {
  const state = stateOf(form);
  show(form, "offline");
  schedule(form, RETRY[Math.min(state.failures, RETRY.length - 1)]);
  state.failures += 1;
}

/** Puts a copy's values back into the form and sends them. */
function restore(form, entries) {
  const values = new Map();
  for (const [name, value] of entries) values.set(name, [...(values.get(name) ?? []), value]);
  for (const field of form.elements) {
    if (!field.name || ["csrfmiddlewaretoken", "revision"].includes(field.name)) continue;
    if (["hidden", "submit", "button", "file"].includes(field.type)) continue;
    const wanted = values.get(field.name) ?? [];
    if (field.type === "radio" || field.type === "checkbox") field.checked = wanted.includes(field.value);
    else if (field.type === "select-multiple") for (const o of field.options) o.selected = wanted.includes(o.value);
    else if (wanted.length) field.value = wanted.shift();
  }
  form.dispatchEvent(new Event("change", { bubbles: true }));
}

function start(form) {
  if (stateOf(form)) return;
  states.set(form, { timer: 0, changes: 0, saved: 0, failures: 0, busy: false, stopped: false });
  const copy = readCopy(copyName(form));
  if (!copy) return;
  const same = JSON.stringify(copy.entries) === JSON.stringify(entriesOf(form));
  // The server has moved on since that copy was made: what it shows is newer.
  if (same || copy.revision !== (form.dataset.revision ?? "")) keep(copyName(form), null);
  else restore(form, copy.entries);
}

function onSubmit(event) {
  const state = stateOf(event.target);
  if (!state) return;
  clearTimeout(state.timer);
  // The copy outlives the submit in case the server is not reached; see forgetSubmitted.
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

/** A page without the submitted form means that the submit arrived. Old copies go too. */
function forgetSubmitted() {
  const here = new Set([...document.querySelectorAll("form[data-autosave]")].map(copyName));
  for (const name of Object.keys(localStorage)) {
    if (!name.startsWith(PREFIX)) continue;
    const copy = readCopy(name);
    if (!copy || Date.now() - copy.at > TOO_OLD || (copy.submitted && !here.has(name))) keep(name, null);
  }
}

function flush() {
  for (const form of document.querySelectorAll("form[data-autosave]")) save(form, { keepalive: true });
}

document.addEventListener("input", onChange);
document.addEventListener("change", onChange);
document.addEventListener("autosave:now", (event) => save(event.target.closest("form")));
document.addEventListener("submit", onSubmit);
document.addEventListener("visibilitychange", () => document.hidden && flush());
window.addEventListener("pagehide", flush);
window.addEventListener("pageshow", onPageShow);
window.addEventListener("online", flush);
try {
  forgetSubmitted();
} catch {
  // Storage is forbidden: saving on the server still works.
}
whenAdded("form[data-autosave]", start);

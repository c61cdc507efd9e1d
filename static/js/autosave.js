// Keeps what is being filled in, on the server and, until that has worked, in this browser.
//
//   <form data-autosave="URL" data-autosave-key="session-3-item-12-7" data-revision="7"
//         data-user="7" data-label="Item 12">
//
// A change is POSTed to URL after a short pause, with all fields of the form. The reply is
// JSON {"revision": "8"}, which is sent back as the field "revision" where the form has one;
// with "entries" ([name, value] pairs) where the server merged in what another tab had
// answered and this one had not. 409 says that both tabs answered, differently: the button
// [data-show-both] then leads to a page that shows both. Any other refusal may say why in
// "message". A field [data-tab] gets a name for this tab, so that the server knows who wrote
// last. An element with data-save-state (_components/save_state.html) shows where things stand.
//
// Submitting goes the same way: the copy is marked as submitted before it is sent and goes
// when the reply {"next": URL} is here; a "note" in it is shown on the next page. Without a connection it waits, and is sent when there
// is one again, from this page or from another (outbox.js). A change meanwhile takes the
// submit back: what is sent is what was on the page when the button was pressed.
// `new Event("autosave:now", {bubbles: true})` on the form saves without the pause.

import { copyName, forget, pauseAfter, readCopy, send, writeCopy } from "./outbox.js";
import { hasAhead, open, openAhead, show as showPage } from "./prefetch.js";
import { toast, whenAdded } from "./shared.js";

const PAUSE = 700;
// The page that comes may have been made before the last draft arrived: its copy stays then.
let leaving = false;
const states = new WeakMap();

const stateOf = (form) => states.get(form);
const NOT_ENTRIES = new Set(["csrfmiddlewaretoken", "revision", "tab", "by"]);

function entriesOf(form) {
  const isEntry = ([name, value]) => typeof value === "string" && !NOT_ENTRIES.has(name);
  return [...new FormData(form)].filter(isEntry);
}

function show(form, state, detail = "") {
  const box = form.querySelector("[data-save-state]");
  if (!box) return;
  box.dataset.state = state;
  box.querySelector("[data-save-text]").textContent = detail || (box.dataset[state] ?? "");
  const link = box.querySelector("[data-sign-in]");
  if (link) link.hidden = state !== "signedout";
}

function keepCopy(form, extra = {}) {
  const { user = "", label = "", revision = "", autosave: url } = form.dataset;
  const tab = form.querySelector("[data-tab]")?.value ?? "";
  const page = form.dataset.page ?? location.pathname;
  const copy = { at: Date.now(), user, label, page, url, tab, revision, submit: null, problem: "" };
  writeCopy(copyName(form), { ...copy, entries: entriesOf(form), ...extra });
}

function markCopy(form, extra) {
  const copy = readCopy(copyName(form));
  if (copy) writeCopy(copyName(form), { ...copy, ...extra });
}

function onChange(event) {
  const form = event.target.closest?.("form[data-autosave]");
  const state = form && stateOf(form);
  if (!state || state.stopped) return;
  leaving = false;
  state.changes += 1;
  state.queued = null;
  keepCopy(form);
  schedule(form, PAUSE);
}

function schedule(form, delay) {
  const state = stateOf(form);
  clearTimeout(state.timer);
  state.timer = setTimeout(() => (state.queued ? submit(form, state.queued, true) : save(form)), delay);
}

/** Sends the form as it is now; a change made meanwhile is sent after it. */
async function save(form, options = {}) {
  const state = stateOf(form);
  if (!state || !form.isConnected) return;
  clearTimeout(state.timer);
  if (state.stopped || state.busy || state.changes === state.saved) return;
  const changes = state.changes;
  state.busy = true;
  show(form, "saving");
  state.inFlight = send(form.dataset.autosave, new FormData(form), { form, ...options });
  const result = await state.inFlight;
  state.busy = false;
  onSaved(form, result, changes);
  if (!state.stopped && state.failures === 0 && state.changes !== state.saved) schedule(form, PAUSE);
}

function onSaved(form, { outcome, reply = {} }, changes) {
  const state = stateOf(form);
  if (reply.revision !== undefined) setRevision(form, reply.revision);
  if (outcome === "offline" || outcome === "signedout") {
    retryLater(form, outcome);
  } else if (outcome === "conflict") {
    state.stopped = true;
    markCopy(form, { problem: "conflict" });
    show(form, "conflict", reply.message);
    form.querySelector("[data-show-both]")?.removeAttribute("hidden");
  } else {
    state.saved = changes;
    state.failures = 0;
    if (outcome === "refused") {
      // For what it says: sending the same again would not help.
      markCopy(form, { problem: "refused" });
      show(form, "failed", reply.message);
    } else {
      if (reply.entries && state.changes === changes) fillBlanks(form, reply.entries);
      if (state.changes !== changes || state.stopped) return;
      if (!leaving) forget(copyName(form));
      show(form, "saved");
    }
  }
}

function setRevision(form, revision) {
  form.dataset.revision = revision;
  const field = form.elements.namedItem("revision");
  if (field) field.value = revision;
  markCopy(form, { revision });
}

/** Takes over what another tab answered, where this one has no answer. */
function fillBlanks(form, entries) {
  const answered = new Set(entriesOf(form).filter(([, value]) => value !== "").map(([name]) => name));
  const missing = entries.filter(([name]) => !answered.has(name));
  if (missing.length) fill(form, missing);
}

function retryLater(form, why) {
  const state = stateOf(form);
  show(form, state.queued && why === "offline" ? "queued" : why);
  schedule(form, pauseAfter(state.failures));
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
function restore(form, copy) {
  // Sent under the name and the revision it was made with, the server can tell whether
  // another tab has answered something else meanwhile.
  setRevision(form, copy.revision);
  const tab = form.querySelector("[data-tab]");
  if (tab && copy.tab) tab.value = copy.tab;
  for (const field of form.elements) if (holdsChoice(field) && field.name) field.checked = false;
  fill(form, copy.entries);
  if (copy.submit && copy.problem !== "conflict" && copy.problem !== "refused") submit(form, copy.submit);
}

/** Whether a field is not as the page was made. */
function isTouched(form) {
  return [...form.elements].some((field) => {
    if (!field.name || field.type === "hidden" || NOT_ENTRIES.has(field.name)) return false;
    if (holdsChoice(field)) return field.checked !== field.defaultChecked;
    return "defaultValue" in field && field.value !== field.defaultValue;
  });
}

function nameTab(form) {
  const field = form.querySelector("[data-tab]");
  const part = () => Math.floor(Math.random() * 2 ** 32).toString(16);
  if (field && !field.value) field.value = part() + part();
}

function start(form) {
  if (stateOf(form)) return;
  nameTab(form);
  states.set(form, { timer: 0, changes: 0, saved: 0, failures: 0, busy: false, stopped: false, sending: false, queued: null, inFlight: null });
  const copy = readCopy(copyName(form));
  // A page made from what was sent shows it already; the copy stays until that is settled.
  if (form.dataset.autosaveSent !== undefined) return;
  if (!copy) {
    // Answered before this script was here, with the keys of another one.
    if (isTouched(form)) onChange({ target: form });
    return;
  }
  const same = JSON.stringify(copy.entries) === JSON.stringify(entriesOf(form));
  if (same && !copy.submit) {
    forget(copyName(form));
    show(form, "saved"); // it arrived while the page was leaving
  } else {
    restore(form, copy);
  }
}

function onSubmit(event) {
  const form = event.target;
  const state = stateOf(form);
  if (!state || event.defaultPrevented) return;
  const elsewhere = event.submitter?.hasAttribute("formaction");
  if (elsewhere || form.dataset.submitByScript === undefined) {
    clearTimeout(state.timer);
    state.stopped = true; // no draft may arrive after what is sent now
    return;
  }
  event.preventDefault();
  submit(form, form.action);
}

/** Sends the form as submitted and goes on, at once or when there is a connection again. */
async function submit(form, url, isRetry = false) {
  const state = stateOf(form);
  clearTimeout(state.timer);
  if (state.sending) return;
  state.queued = url;
  state.sending = true;
  keepCopy(form, { submit: url });
  const button = form.querySelector("[data-submit-next]");
  button?.setAttribute("aria-busy", "true");
  const changes = state.changes;
  const body = new FormData(form);
  await state.inFlight; // a draft must not arrive after what is submitted
  body.set("revision", form.dataset.revision);
  // Lets others add what goes with a submit (activity.js: the time it took).
  form.dispatchEvent(new CustomEvent("autosave:submit", { bubbles: true, detail: body }));
  const result = await send(url, body, { form });
  state.sending = false;
  button?.removeAttribute("aria-busy");
  if (result.outcome === "sent") forget(copyName(form));
  if (!form.isConnected) return;
  if (state.changes !== changes) state.queued = null;
  onSubmitted(form, result, isRetry);
}

function onSubmitted(form, { outcome, reply = {}, page = null }, isRetry) {
  const state = stateOf(form);
  if (outcome === "sent" && reply.next) {
    state.stopped = true;
    open(reply.next, reply.count, reply.note);
  } else if (outcome === "offline" || outcome === "signedout") {
    if (!isRetry) toast({ tone: "warning", text: form.dataset[`${outcome}Text`] });
    if (outcome === "offline" && state.queued && hasAhead()) {
      state.stopped = true;
      openAhead();
    } else {
      retryLater(form, outcome);
    }
  } else {
    state.queued = null;
    markCopy(form, { submit: null, problem: outcome === "conflict" ? "conflict" : "refused" });
    if (page !== null) {
      showPage(page);
      return;
    }
    state.saved = state.changes;
    show(form, "failed", reply.message);
    toast({ tone: "error", text: reply.message || form.querySelector("[data-save-state]")?.dataset.failed });
  }
}

/** The page came back from the browser's own store, or the person from another tab. */
function again() {
  for (const form of document.querySelectorAll("form[data-autosave]")) {
    const state = stateOf(form);
    if (state?.queued) submit(form, state.queued, true);
    else save(form);
  }
}

function onPageShow(event) {
  leaving = false;
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-autosave]")) {
    const state = stateOf(form);
    if (state) state.stopped = false;
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
document.addEventListener("visibilitychange", () => (document.hidden ? flush() : again()));
window.addEventListener("beforeunload", () => { leaving = true; });
window.addEventListener("pagehide", flush);
window.addEventListener("pageshow", onPageShow);
window.addEventListener("online", again);
window.addEventListener("focus", again);
document.addEventListener("page:leave", flush);
document.addEventListener("person:leave", () => {
  for (const form of document.querySelectorAll("form[data-autosave]")) stateOf(form).stopped = true;
});
whenAdded("form[data-autosave]", start);

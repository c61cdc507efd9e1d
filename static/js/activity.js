// Notices when somebody works on an item, for honest time: the page in view, and a sign of
// life at least once a minute. What counts is decided by the server (domain/activity.py).
//
//   <form data-activity="URL" data-autosave-key="…" data-user="7">
//
// Events [number, kind, milliseconds] of this tab wait in this browser until the server has
// them: every half minute, on leaving, and those left over with the next page. Sent twice
// they count once, since the server knows tab and number.

import { forget, readCopy, writeCopy } from "./outbox.js";
import { post, whenAdded } from "./shared.js";

const EVERY = 15_000;
const SEND = 30_000;
const MOST = 400;
const PREFIX = "rs.time.";
const SIGNS = ["keydown", "pointerdown", "pointermove", "wheel", "scroll", "input"];
let current = null;

function begin(form) {
  end("left");
  const part = () => Math.floor(Math.random() * 2 ** 32).toString(16);
  const tab = part() + part();
  const name = `${PREFIX}${form.dataset.autosaveKey}.${tab}`;
  current = { form, name, tab, number: 0, last: 0, seen: 0 };
  note("opened");
  if (document.hidden) note("hidden");
}

function note(kind, at = Date.now()) {
  if (!current) return;
  const { form, name, tab } = current;
  const kept = readCopy(name) ?? { user: form.dataset.user, url: form.dataset.activity, tab, events: [] };
  if (kept.events.length >= MOST) return;
  kept.at = Date.now();
  kept.events.push([current.number, kind, at]);
  current.number += 1;
  current.last = at;
  writeCopy(name, kept);
}

/** A sign of life: written down at most every quarter of a minute, the last one always. */
function onSign() {
  if (!current || document.hidden) return;
  current.seen = Date.now();
  if (current.seen - current.last >= EVERY) note("active", current.seen);
}

function settle() {
  if (current && current.seen > current.last) note("active", current.seen);
}

function end(kind) {
  if (!current) return;
  settle();
  note(kind);
  sendKept(current.name, { leaving: true });
  if (kind === "left") current = null;
}

/** What was noticed goes with a submit, so that the server knows how long the item took. */
function join({ target, detail: body }) {
  if (current?.form !== target) return;
  settle();
  body.set("activity-tab", current.tab);
  body.set("activity-sent", Date.now());
  body.set("activity-events", JSON.stringify(readCopy(current.name)?.events ?? []));
}

function bodyOf(kept) {
  const body = new FormData();
  body.set("tab", kept.tab);
  body.set("by", kept.user);
  body.set("sent", Date.now());
  body.set("events", JSON.stringify(kept.events));
  body.set("csrfmiddlewaretoken", "");
  return body;
}

async function sendKept(name, { leaving = false } = {}) {
  const kept = readCopy(name);
  if (!kept?.events?.length) return;
  try {
    const answer = await post(kept.url, bodyOf(kept), { keepalive: leaving });
    // What cannot be taken now will not be taken later, except after a new sign-in.
    const isDone = answer.status === 204 || [404, 422].includes(answer.status);
    if (isDone) dropSent(name, kept.events.length);
  } catch {
    // Stays here and goes with the next batch.
  }
}

function dropSent(name, count) {
  const kept = readCopy(name);
  if (!kept) return;
  const events = kept.events.slice(count);
  if (events.length || current?.name === name) writeCopy(name, { ...kept, events });
  else forget(name);
}

function leftOver(user) {
  try {
    const isKept = (name) => name.startsWith(PREFIX) && name !== current?.name;
    return Object.keys(localStorage).filter(isKept).filter((name) => readCopy(name)?.user === user);
  } catch {
    return [];
  }
}

function onVisibility() {
  if (document.hidden) end("hidden");
  else note("visible");
}

for (const name of SIGNS) document.addEventListener(name, onSign, { capture: true, passive: true });
document.addEventListener("visibilitychange", onVisibility);
window.addEventListener("pagehide", () => end("left"));
window.addEventListener("pageshow", (event) => {
  const form = document.querySelector("form[data-activity]");
  if (event.persisted && form) begin(form);
});
document.addEventListener("autosave:submit", join);
document.addEventListener("page:leave", () => end("left"));
document.addEventListener("person:leave", () => end("left"));
setInterval(() => {
  settle();
  if (current) sendKept(current.name);
}, SEND);
whenAdded("form[data-activity]", begin);
whenAdded("[data-outbox]", (box) => {
  for (const name of leftOver(box.dataset.outbox)) sendKept(name);
});

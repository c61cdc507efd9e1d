// What this browser keeps until the server has it: one copy of the answers of each item.
//
//   <section data-outbox="USER-ID" hidden data-waiting="…" data-submit="…" …> (_outbox.html)
//
// lists the copies of that person that belong to no form of this page, and sends them by
// itself: a draft to where drafts go, and what was submitted without a connection to where
// it would have gone. A copy goes once the server has it. One that the server refuses stays,
// with a link to its item, where the person decides. Copies of another person who uses this
// browser are neither shown nor sent: the field "by" says whose they are.

import { keep, post, recall, whenAdded } from "./shared.js";

const PREFIX = "rs.draft.";
const TOO_OLD = 30 * 24 * 3600 * 1000;
const RETRY = [2000, 5000, 15000, 30000, 60000];
let timer = 0;
let failures = 0;
let busy = false;

/** How long to wait after so many failures in a row. */
export const pauseAfter = (count) => RETRY[Math.min(count, RETRY.length - 1)];

export const copyName = (form) => PREFIX + (form.dataset.autosaveKey || form.dataset.autosave);

export function readCopy(name) {
  try {
    return JSON.parse(recall(name));
  } catch {
    return null;
  }
}

export function writeCopy(name, copy) {
  keep(name, JSON.stringify(copy));
}

export const forget = (name) => keep(name, null);

function names(prefix) {
  try {
    return Object.keys(localStorage).filter((name) => name.startsWith(prefix));
  } catch {
    return [];
  }
}

/** The copies of a person that have not reached the server, oldest first, as [name, copy]. */
export function copiesOf(user) {
  const found = names(PREFIX).map((name) => [name, readCopy(name)]);
  return found.filter(([, copy]) => copy?.user === user).sort(([, a], [, b]) => a.at - b.at);
}

/** Forgets all that this browser keeps of a person's work. */
export function forgetPerson(user) {
  for (const [name] of copiesOf(user)) forget(name);
  for (const name of [...names("rs.place."), ...names("rs.time.")]) {
    if (readCopy(name)?.user === user) forget(name);
  }
}

function forgetOld() {
  for (const name of [PREFIX, "rs.place.", "rs.time."].flatMap(names)) {
    const copy = readCopy(name);
    if (!copy || Date.now() - copy.at > TOO_OLD) forget(name);
  }
}

/** What became of sending: "sent" (with where it goes on), "offline", "signedout",
    "conflict", "refused"; `page` is the page that a refusal comes with. */
export async function send(url, body, options = {}) {
  let response;
  try {
    response = await post(url, body, options);
    return await outcomeOf(response);
  } catch {
    return { outcome: "offline" };
  }
}

async function outcomeOf(response) {
  if (response.redirected) return { outcome: isLogin(response.url) ? "signedout" : "refused" };
  const isJson = response.headers.get("content-type")?.includes("json");
  const reply = isJson ? ((await response.json()) ?? {}) : {};
  if (response.ok) return { outcome: "sent", reply };
  const page = !isJson && (response.status === 409 || response.status === 422) ? await response.text() : null;
  if (response.status === 409) return { outcome: "conflict", reply, page };
  if (response.status >= 500 || response.status === 429 || response.status === 408) return { outcome: "offline" };
  return { outcome: "refused", reply, page };
}

function isLogin(url) {
  const login = document.querySelector("meta[name=login-url]")?.content;
  return Boolean(login) && new URL(url).pathname === login;
}

function bodyOf(copy) {
  const body = new FormData();
  for (const [name, value] of copy.entries) body.append(name, value);
  body.set("revision", copy.revision);
  body.set("tab", copy.tab);
  body.set("by", copy.user);
  return body;
}

/** Sends the copies one after the other and returns how many could not be sent. */
async function sendCopies(copies) {
  let left = 0;
  for (const [name, copy] of copies) {
    if (copy.problem === "conflict" || copy.problem === "refused") continue;
    const { outcome, reply } = await send(copy.submit || copy.url, bodyOf(copy));
    const now = readCopy(name);
    // Changed or sent by another tab meanwhile: that tab looks after it.
    if (!now || now.at !== copy.at) continue;
    if (outcome === "sent") forget(name);
    else writeCopy(name, { ...now, problem: outcome, message: reply?.message ?? "" });
    if (outcome === "offline" || outcome === "signedout") left += 1;
    if (left) break;
  }
  return left;
}

/** Tries once to send what a person's browser keeps; returns what is left. */
export async function sendAllOf(user) {
  await sendCopies(copiesOf(user));
  return copiesOf(user);
}

// -- the list on the page

function elsewhere(user) {
  const here = new Set([...document.querySelectorAll("form[data-autosave]")].map(copyName));
  return copiesOf(user).filter(([name]) => !here.has(name));
}

function draw(box) {
  const copies = elsewhere(box.dataset.outbox);
  const list = box.querySelector("ul");
  list.replaceChildren(...copies.map(([, copy]) => lineOf(box, copy)));
  box.hidden = copies.length === 0;
}

function lineOf(box, copy) {
  const line = document.createElement("li");
  const link = document.createElement("a");
  link.href = copy.page;
  link.textContent = copy.label;
  const waits = copy.submit ? box.dataset.submit : box.dataset.waiting;
  const text = copy.problem === "offline" ? waits : (box.dataset[copy.problem] ?? waits);
  line.append(link, `: ${text}${copy.message ? ` ${copy.message}` : ""}`);
  return line;
}

/** Draws the list again and sends what can be sent, now and later until nothing waits. */
export async function work() {
  const box = document.querySelector("[data-outbox]");
  clearTimeout(timer);
  if (!box || busy) return;
  draw(box);
  busy = true;
  const left = await sendCopies(elsewhere(box.dataset.outbox)).finally(() => { busy = false; });
  failures = left ? failures + 1 : 0;
  if (box.isConnected) draw(box);
  if (left) timer = setTimeout(work, pauseAfter(failures - 1));
}

window.addEventListener("online", work);
window.addEventListener("focus", work);
forgetOld();
whenAdded("[data-outbox]", work);

// What the other modules need in common. Its one state: which key of a screen reader is held.

/** A value kept in this browser, or null where storage is forbidden. */
export function recall(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** Keeps a value in this browser; null forgets it. Says whether it could. */
export function keep(name, value) {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
    return true;
  } catch {
    return false;
  }
}

const NOT_TEXT = new Set(["button", "checkbox", "radio", "range", "submit", "reset", "file", "color"]);

/** Whether typed letters belong to this element. */
export function takesText(element) {
  if (!(element instanceof HTMLElement)) return false;
  if (element.isContentEditable || element instanceof HTMLTextAreaElement) return true;
  if (element instanceof HTMLSelectElement) return true;
  return element instanceof HTMLInputElement && !NOT_TEXT.has(element.type);
}

/** Whether Enter already means something on this element. */
export function actsOnEnter(element) {
  return element instanceof HTMLElement && element.closest("button, a[href], summary") !== null;
}

/** The dialog on top, or null. */
export function openDialog() {
  return [...document.querySelectorAll("dialog[open]")].at(-1) ?? null;
}

// Screen readers take these two as modifiers, and some let the letter through as well.
const held = new Set();
document.addEventListener("keydown", (event) => {
  if (event.key === "Insert" || event.key === "CapsLock") held.add(event.key);
}, { capture: true });
document.addEventListener("keyup", (event) => held.delete(event.key), { capture: true });
window.addEventListener("blur", () => held.clear());

/** The one key pressed, in Latin letters and digits whatever the keyboard's script is,
    or null for a chord, a dead key or one that is composed into a character. */
export function singleKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return null;
  if (held.size) return null;
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1];
  const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code)?.[1];
  if (digit && !event.shiftKey) return digit;
  if (/^[a-z]$/i.test(event.key)) return event.shiftKey ? null : event.key.toLowerCase();
  if (letter && event.key.length === 1 && event.key > "\u007f") {
    return event.shiftKey ? null : letter.toLowerCase();
  }
  return event.key;
}

export function singleKeysOn() {
  return document.documentElement.dataset.keys !== "off";
}

/** A short ring around what a key has pressed, so that the eye sees what happened. */
export function pulse(element) {
  element.classList.remove("is-pulsed");
  requestAnimationFrame(() => element.classList.add("is-pulsed"));
  setTimeout(() => element.classList.remove("is-pulsed"), 300);
}

/** Shows a message at the corner; app.js draws it. tone: success info warning error. */
export function toast(detail) {
  document.dispatchEvent(new CustomEvent("toast", { detail }));
}

const NEXT = "rs.toast";

/** Keeps a warning for the next page of this tab; app.js shows it there. */
export function toastNext(text) {
  try {
    sessionStorage.setItem(NEXT, text);
  } catch {
    // Forbidden storage: the page goes on without it.
  }
}

/** The warning that was kept for this page, once; null where there is none. */
export function takeToast() {
  try {
    const text = sessionStorage.getItem(NEXT);
    sessionStorage.removeItem(NEXT);
    return text;
  } catch {
    return null;
  }
}

/** The token that Django wants with every POST; the cookie's is that of the newest sign-in. */
export function csrfToken(form = null) {
  const cookie = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1];
  if (cookie) return cookie;
  const field = form?.querySelector("[name=csrfmiddlewaretoken]");
  if (field) return field.value;
  return JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["x-csrftoken"] ?? "";
}

/** After so many milliseconds a connection counts as lost. */
const PATIENCE = 30_000;

/** POSTs a body and returns the response; rejects where the server cannot be reached. */
export function post(url, body, { form = null, keepalive = false } = {}) {
  const token = csrfToken(form);
  // Django looks at the field first, which may be from before somebody signed in again.
  if (body instanceof FormData && body.has("csrfmiddlewaretoken")) body.set("csrfmiddlewaretoken", token);
  return fetch(url, {
    method: "POST",
    body,
    keepalive,
    signal: AbortSignal.timeout(PATIENCE),
    credentials: "same-origin",
    headers: { "X-CSRFToken": token, "X-Requested-With": "fetch", Accept: "application/json" },
  });
}

/** Calls `each` once for every element that matches, now and when htmx adds more. */
export function whenAdded(selector, each) {
  const seen = new WeakSet();
  const meet = (element) => {
    if (seen.has(element)) return;
    seen.add(element);
    each(element);
  };
  const visit = (root) => {
    if (root instanceof Element && root.matches(selector)) meet(root);
    for (const element of root.querySelectorAll?.(selector) ?? []) meet(element);
  };
  visit(document);
  document.addEventListener("htmx:load", (event) => visit(event.detail.elt));
}

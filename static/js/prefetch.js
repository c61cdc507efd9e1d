// Has the page of the next item ready, so that it appears as soon as this one is submitted.
//
//   <form data-ahead="URL"> ; [data-ahead-state data-text="Next: item {n}, …"] says what is ready.
//
// With the first answer the server is asked which item comes next: it reserves that one, as it
// would after the submit, and its page is fetched. `open(url)` shows a page: the one that is
// ready where it is that one and its reservation lasts, else by going there. A page is put in
// place of this one as htmx does it: <main>, the title, the way to it; `htmx:load` starts the
// scripts on it, "page:leave" lets those of the old page finish. Back and forward load anew.

import { post, toast, toastNext, whenAdded } from "./shared.js";

let ready = null;
let shownPath = location.pathname + location.search;

const hasRoom = (page) => !page.until || Date.parse(page.until) > Date.now() + 5000;

/** Whether the next item's page is here. */
export const hasAhead = () => ready !== null && hasRoom(ready);

async function prepare(form) {
  form.dataset.aheadAsked = "";
  try {
    const answer = await post(form.dataset.ahead, new FormData(), { form });
    if (answer.status !== 200 || answer.redirected) return;
    const next = await answer.json();
    const page = await fetch(next.url, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    if (!page.ok || page.redirected || !form.isConnected) return;
    ready = { ...next, html: await page.text() };
    tell(next.number);
  } catch {
    // Without it the next page takes a little longer; the next answer asks again.
    delete form.dataset.aheadAsked;
  }
}

function tell(number) {
  const box = document.querySelector("[data-ahead-state]");
  if (box) box.textContent = box.dataset.text.replace("{n}", number);
}

/** Goes to an address, at once where its page is ready; `count` is how far the person is now,
    `note` what they are told there. */
export function open(url, count = "", note = "") {
  const address = new URL(url, location.href);
  if (!hasAhead() || new URL(ready.url, location.href).pathname !== address.pathname) {
    if (note) toastNext(note);
    location.assign(url);
    return;
  }
  openAhead();
  const box = document.querySelector("[data-own-count]");
  if (box && count) box.textContent = count;
  if (note) toast({ tone: "warning", text: note });
}

/** Shows the page that is ready; only after `hasAhead()`. */
export function openAhead() {
  const page = ready;
  show(page.html, page.url);
}

const PARTS = "script[src], link[rel=stylesheet]";
const addressOf = (part) => part.getAttribute("src") ?? part.getAttribute("href");

/** Puts a whole page in place of this one; with `url` as a further step of the history. */
export function show(html, url = null) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const here = new Set([...document.querySelectorAll(PARTS)].map(addressOf));
  const needsMore = [...page.querySelectorAll(PARTS)].some((part) => !here.has(addressOf(part)));
  const main = page.querySelector("main");
  if (!main || (needsMore && url)) {
    location.assign(url ?? location.href);
    return;
  }
  document.dispatchEvent(new Event("page:leave"));
  ready = null;
  document.title = page.title;
  document.querySelector(".crumbs")?.replaceWith(page.querySelector(".crumbs") ?? "");
  document.querySelector("main").replaceWith(main);
  if (url) history.pushState(null, "", url);
  shownPath = location.pathname + location.search;
  window.scrollTo(0, 0);
  window.htmx?.process(main);
  main.dispatchEvent(new CustomEvent("htmx:load", { bubbles: true, detail: { elt: main } }));
}

function onPopState() {
  if (location.pathname + location.search !== shownPath) location.reload();
}

function onChange(event) {
  const form = event.target.closest?.("form[data-ahead]");
  if (form && form.dataset.aheadAsked === undefined) prepare(form);
}

document.addEventListener("change", onChange);
window.addEventListener("popstate", onPopState);
// A form that is opened half done will soon be submitted.
whenAdded("form[data-ahead]:has([data-option]:checked)", (form) => onChange({ target: form }));

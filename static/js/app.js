// What every page does: theme, menus, dialogs, messages at the corner, questions before
// something is destroyed, forms sent only once, and what htmx should do when a request fails.

import { keep, openDialog, recall, takeToast, toast, whenAdded } from "./shared.js";

// -- theme: theme.js has already applied the stored one

function setTheme(theme) {
  keep("rs.theme", theme || null);
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  showTheme();
}

function showTheme() {
  const theme = recall("rs.theme") ?? "";
  for (const button of document.querySelectorAll("[data-theme-set]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeSet === theme));
  }
}

// -- dialogs: data-dialog-open="id", data-dialog-close, data-dialog-auto

function showDialog(dialog) {
  if (!(dialog instanceof HTMLDialogElement) || dialog.open) return;
  dialog.dispatchEvent(new CustomEvent("dialog:show", { bubbles: true }));
  dialog.showModal();
}

function onDialogClick(event) {
  const opener = event.target.closest("[data-dialog-open]");
  const dialog = opener && document.getElementById(opener.dataset.dialogOpen);
  if (dialog) {
    // A link with data-dialog-open leads to a page of its own where there are no scripts.
    event.preventDefault();
    opener.closest("details[data-menu]")?.removeAttribute("open");
    showDialog(dialog);
  } else if (event.target.closest("[data-dialog-close]")) {
    event.target.closest("dialog")?.close();
  } else if (event.target instanceof HTMLDialogElement && event.target.id !== "confirm-dialog") {
    closeFromBackdrop(event.target, event);
  }
}

function closeFromBackdrop(dialog, event) {
  const box = dialog.getBoundingClientRect();
  const inside =
    event.clientX >= box.left && event.clientX <= box.right &&
    event.clientY >= box.top && event.clientY <= box.bottom;
  const holdsWork = dialog.querySelector("textarea, input:not([type=checkbox])") !== null;
  if (!inside && !holdsWork) dialog.close();
}

// -- menus: <details data-menu>

function closeMenus(except = null) {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (menu !== except) menu.open = false;
  }
}

function onEscape(event) {
  if (event.key !== "Escape" || openDialog()) return;
  const menu = document.querySelector("details[data-menu][open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  } else if (document.activeElement?.matches("input, textarea, select")) {
    // Leaving a field gives the single keys back; its card keeps the place.
    (document.activeElement.closest("[data-criterion]") ?? document.activeElement).focus();
    if (document.activeElement.matches("input, textarea, select")) document.activeElement.blur();
  }
}

// -- messages at the corner: an event "toast" {tone, text, url, action}, also from HX-Trigger

const TONE_SIGNS = { success: "s-done", info: "info", warning: "warning", error: "s-failed" };

function onToast(event) {
  const { tone = "info", text = "", url = null, action = "" } = event.detail ?? {};
  const template = document.getElementById("toast-template");
  const region = document.getElementById("toasts");
  if (!template || !region || !text) return;
  const box = template.content.firstElementChild.cloneNode(true);
  box.className = `toast tone-${tone}`;
  box.querySelector(".toast-text").textContent = text;
  const sign = box.querySelector(":scope > .icon use");
  sign?.setAttribute("href", `${sign.getAttribute("href").split("#")[0]}#${TONE_SIGNS[tone] ?? "info"}`);
  const link = box.querySelector("[data-toast-action]");
  if (url) Object.assign(link, { href: url, textContent: action, hidden: false });
  region.append(box);
  while (region.children.length > 4) region.firstElementChild.remove();
  // What went wrong, and what asks for an answer, stays until it is closed.
  if (tone !== "error" && tone !== "warning") fadeLater(box, url ? 12000 : 6000);
}

function fadeLater(box, delay) {
  const wait = () => setTimeout(() => box.remove(), delay);
  let timer = wait();
  box.addEventListener("pointerenter", () => clearTimeout(timer));
  box.addEventListener("focusin", () => clearTimeout(timer));
  box.addEventListener("pointerleave", () => { timer = wait(); });
}

// -- questions: data-confirm on a form or on its button, and hx-confirm

const confirmed = new WeakSet();

function ask(question, action) {
  const dialog = document.getElementById("confirm-dialog");
  dialog.querySelector("p").textContent = question;
  dialog.returnValue = "no";
  dialog.addEventListener("close", () => dialog.returnValue === "yes" && action(), { once: true });
  dialog.showModal();
}

function onSubmitAsk(event) {
  const form = event.target;
  const question = event.submitter?.dataset.confirm ?? form.dataset.confirm;
  if (!question || confirmed.delete(form)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  ask(question, () => {
    confirmed.add(form);
    form.requestSubmit(event.submitter);
  });
}

function onHtmxConfirm(event) {
  if (!event.detail.question) return;
  event.preventDefault();
  ask(event.detail.question, () => event.detail.issueRequest(true));
}

// -- a form is sent once, however often its button is pressed

const sent = new WeakSet();

function onSubmitOnce(event) {
  const form = event.target;
  const byHtmx = form.closest("[hx-post], [hx-get], [hx-put], [hx-patch], [hx-delete], [hx-boost]");
  const posts = form.getAttribute("method")?.toLowerCase() === "post";
  if (event.defaultPrevented || byHtmx || !posts || form.hasAttribute("target")) return;
  if (sent.has(form)) {
    event.preventDefault();
    return;
  }
  sent.add(form);
  event.submitter?.setAttribute("aria-busy", "true");
  // A reply that is a download leaves the page where it is.
  setTimeout(() => allowAgain(form), 4000);
}

function allowAgain(form) {
  sent.delete(form);
  for (const button of form.querySelectorAll("[aria-busy=true]")) button.removeAttribute("aria-busy");
}

function onPageShow() {
  // The page may come back from the browser's own store of pages.
  for (const form of document.forms) allowAgain(form);
}

// -- htmx

function isPoll(event) {
  return event.detail.requestConfig?.elt?.getAttribute("hx-trigger")?.includes("every ") ?? false;
}

function onHtmxFailure(event) {
  const texts = document.getElementById("toasts").dataset;
  const status = event.detail.xhr?.status ?? 0;
  const refused = status === 401 || status === 403 || status === 404;
  const text = event.type !== "htmx:responseError" ? texts.offline : refused ? texts.refused : texts.failed;
  // A poll that fails would say so every few seconds; the next one may work.
  if (isPoll(event)) return;
  toast({ tone: "error", text });
}

function onHtmxBeforeSwap(event) {
  // A session that has ended answers with the sign-in page: show it whole.
  const login = document.querySelector("meta[name=login-url]")?.content;
  const answered = event.detail.xhr.responseURL;
  if (login && answered && new URL(answered).pathname === login && location.pathname !== login) {
    event.detail.shouldSwap = false;
    // A poll must not take somebody from what they are writing.
    if (isPoll(event)) return;
    location.assign(`${login}?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
}

function onHtmxBusy(event) {
  const target = event.detail.target;
  if (event.type === "htmx:beforeRequest") target?.setAttribute("aria-busy", "true");
  else target?.removeAttribute("aria-busy");
}

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  const theme = event.target.closest("[data-theme-set]");
  if (theme) setTheme(theme.dataset.themeSet);
  event.target.closest("[data-toast-close]")?.closest("[data-toast]").remove();
  closeMenus(event.target.closest("details[data-menu]"));
  onDialogClick(event);
});
document.addEventListener("focusin", (event) => {
  if (document.querySelector("details[data-menu][open]")) {
    closeMenus(event.target.closest("details[data-menu]"));
  }
});
document.addEventListener("keydown", onEscape);
document.addEventListener("toast", onToast);
toast({ tone: "warning", text: takeToast() ?? "" });
document.addEventListener("closeDialog", () => openDialog()?.close());
document.addEventListener("submit", onSubmitAsk, { capture: true });
document.addEventListener("submit", onSubmitOnce);
document.addEventListener("htmx:confirm", onHtmxConfirm);
document.addEventListener("htmx:beforeSwap", onHtmxBeforeSwap);
document.addEventListener("htmx:beforeRequest", onHtmxBusy);
document.addEventListener("htmx:afterRequest", onHtmxBusy);
for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, onHtmxFailure);
}
window.addEventListener("pageshow", onPageShow);
whenAdded("[data-autofocus]", (element) => element.focus());
whenAdded("dialog[data-dialog-auto]", showDialog);
showTheme();

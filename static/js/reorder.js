// A list whose order people change, by dragging a handle or with Alt+Up and Alt+Down.
//
//   <ol data-reorder="URL" data-reorder-moved="Moved to {position} of {total}"
//       data-reorder-failed="…">
//     <li data-reorder-item="ID"><button data-reorder-handle>…</button> … </li>
//
// The new order is POSTed to URL as repeated fields "order", with the row that was moved
// ("moved"), the list it is in now ("into": data-reorder-into) and the row behind it ("before").
// Lists with the same data-reorder-across take rows from one another. Where the server refuses,
// the row goes back and the page says so. Afterwards the list emits "reordered", for htmx to
// fetch what depends on it. Without scripts the page offers buttons that move a row up or down.

import { post, toast } from "./shared.js";

const itemsOf = (list) => [...list.children].filter((child) => child.matches("[data-reorder-item]"));
const orderOf = (list) => itemsOf(list).map((item) => item.dataset.reorderItem);

/** What to say: an outer list may say it for those inside it. */
const wordsOf = (list) => list.closest("[data-reorder-moved]")?.dataset ?? {};

let drag = null;

const placeOf = (item) => ({ list: item.parentElement, next: item.nextElementSibling });

function onPointerDown(event) {
  const handle = event.target.closest?.("[data-reorder-handle]");
  const item = handle?.closest("[data-reorder-item]");
  if (!item?.parentElement.matches("[data-reorder]") || event.button !== 0) return;
  handle.setPointerCapture(event.pointerId);
  drag = { item, before: placeOf(item) };
}

/** The row under the pointer that the dragged one may stand beside. */
function under(event) {
  const at = document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-reorder-item]");
  const list = at?.parentElement;
  if (!list?.matches("[data-reorder]") || drag.item.contains(at)) return null;
  const across = drag.before.list.dataset.reorderAcross;
  return list === drag.before.list || (across && list.dataset.reorderAcross === across) ? at : null;
}

function onPointerMove(event) {
  if (!drag) return;
  drag.item.setAttribute("data-dragging", "");
  const at = under(event);
  if (!at) return;
  const box = (at.firstElementChild ?? at).getBoundingClientRect();
  const below = event.clientY > box.top + box.height / 2;
  const inside = below ? at.querySelector(":scope > [data-reorder]") : null;
  if (inside) inside.prepend(drag.item);
  else at.parentElement.insertBefore(drag.item, below ? at.nextElementSibling : at);
}

function onPointerUp() {
  if (!drag) return;
  const { item, before } = drag;
  drag = null;
  item.removeAttribute("data-dragging");
  send(item, before);
}

function onKey(event) {
  if (!event.altKey || event.shiftKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
  const item = event.target.closest?.("[data-reorder-item]");
  const list = item?.parentElement;
  if (!list?.matches("[data-reorder]")) return;
  event.preventDefault();
  const before = placeOf(item);
  const items = itemsOf(list);
  const other = items[items.indexOf(item) + (event.key === "ArrowUp" ? -1 : 1)];
  if (!other) return;
  const focused = document.activeElement;
  list.insertBefore(item, event.key === "ArrowUp" ? other : other.nextElementSibling);
  // Moving an element takes the focus from it.
  focused?.focus({ preventScroll: true });
  item.scrollIntoView({ block: "nearest" });
  send(item, before);
}

// One after the other, as each says where a row stands now.
let sending = Promise.resolve();

function send(item, before) {
  const list = item.parentElement;
  if (before.list === list && before.next === item.nextElementSibling) return;
  const order = orderOf(list);
  const place = order.indexOf(item.dataset.reorderItem);
  const body = new URLSearchParams(order.map((id) => ["order", id]));
  body.set("moved", item.dataset.reorderItem);
  body.set("into", list.dataset.reorderInto ?? "");
  body.set("before", order[place + 1] ?? "");
  sending = sending.then(() => tell(list, item, body, before, place, order.length));
}

async function tell(list, item, body, before, place, total) {
  const worked = await post(list.dataset.reorder, body).then((r) => r.ok && !r.redirected, () => false);
  if (!worked) {
    before.list.insertBefore(item, before.next?.parentElement === before.list ? before.next : null);
    toast({ tone: "error", text: wordsOf(list).reorderFailed });
    return;
  }
  say(list, place + 1, total);
  list.dispatchEvent(new CustomEvent("reordered", { bubbles: true, detail: { order: orderOf(list) } }));
}

function say(list, position, total) {
  const number = new Intl.NumberFormat(document.documentElement.lang);
  const text = (wordsOf(list).reorderMoved ?? "")
    .replace("{position}", number.format(position))
    .replace("{total}", number.format(total));
  if (text) toast({ tone: "success", text });
}

document.addEventListener("pointerdown", onPointerDown);
document.addEventListener("pointermove", onPointerMove);
document.addEventListener("pointerup", onPointerUp);
document.addEventListener("pointercancel", onPointerUp);
document.addEventListener("keydown", onKey);

// A list whose order people change, by dragging a handle or with Alt+Up and Alt+Down.
//
//   <ol data-reorder="URL" data-reorder-moved="Moved to {position} of {total}"
//       data-reorder-failed="…">
//     <li data-reorder-item="ID"><button data-reorder-handle>…</button> … </li>
//
// The new order is POSTed to URL as repeated fields "order"; where that fails the list goes
// back and says so. Afterwards the list emits "reordered", for htmx to fetch what depends on
// it. Without scripts the page offers buttons that move a row up or down.

import { post, toast } from "./shared.js";

const itemsOf = (list) => [...list.children].filter((child) => child.matches("[data-reorder-item]"));
const orderOf = (list) => itemsOf(list).map((item) => item.dataset.reorderItem);

let drag = null;

function onPointerDown(event) {
  const handle = event.target.closest?.("[data-reorder-handle]");
  const item = handle?.closest("[data-reorder-item]");
  const list = item?.parentElement;
  if (!list?.matches("[data-reorder]") || event.button !== 0) return;
  handle.setPointerCapture(event.pointerId);
  drag = { handle, item, list, before: orderOf(list) };
}

function onPointerMove(event) {
  if (!drag) return;
  drag.item.setAttribute("data-dragging", "");
  const under = itemsOf(drag.list).find((item) => {
    const box = item.getBoundingClientRect();
    return item !== drag.item && event.clientY >= box.top && event.clientY <= box.bottom;
  });
  if (!under) return;
  const box = under.getBoundingClientRect();
  const below = event.clientY > box.top + box.height / 2;
  drag.list.insertBefore(drag.item, below ? under.nextElementSibling : under);
}

function onPointerUp() {
  if (!drag) return;
  const { item, list, before } = drag;
  drag = null;
  item.removeAttribute("data-dragging");
  send(list, item, before);
}

function onKey(event) {
  if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
  const item = event.target.closest?.("[data-reorder-item]");
  const list = item?.parentElement;
  if (!list?.matches("[data-reorder]")) return;
  event.preventDefault();
  const before = orderOf(list);
  const items = itemsOf(list);
  const other = items[items.indexOf(item) + (event.key === "ArrowUp" ? -1 : 1)];
  if (!other) return;
  const focused = document.activeElement;
  list.insertBefore(item, event.key === "ArrowUp" ? other : other.nextElementSibling);
  // Moving an element takes the focus from it.
  focused?.focus({ preventScroll: true });
  item.scrollIntoView({ block: "nearest" });
  send(list, item, before);
}

async function send(list, item, before) {
  const order = orderOf(list);
  if (order.join() === before.join()) return;
  const body = new URLSearchParams(order.map((id) => ["order", id]));
  const worked = await post(list.dataset.reorder, body).then((r) => r.ok && !r.redirected, () => false);
  if (!worked) {
    putBack(list, before);
    toast({ tone: "error", text: list.dataset.reorderFailed });
    return;
  }
  say(list, order.indexOf(item.dataset.reorderItem) + 1, order.length);
  list.dispatchEvent(new CustomEvent("reordered", { bubbles: true, detail: { order } }));
}

function putBack(list, order) {
  const byId = new Map(itemsOf(list).map((item) => [item.dataset.reorderItem, item]));
  for (const id of order) list.append(byId.get(id));
}

function say(list, position, total) {
  const number = new Intl.NumberFormat(document.documentElement.lang);
  const text = (list.dataset.reorderMoved ?? "")
    .replace("{position}", number.format(position))
    .replace("{total}", number.format(total));
  if (text) toast({ tone: "success", text });
}

document.addEventListener("pointerdown", onPointerDown);
document.addEventListener("pointermove", onPointerMove);
document.addEventListener("pointerup", onPointerUp);
document.addEventListener("pointercancel", onPointerUp);
document.addEventListener("keydown", onKey);

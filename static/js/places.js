// Between what is shown of a response and its source. The server marks words with
// data-at (the code point at which they stand in the source); with data-to as well, what
// is shown can only be cited whole: a formula, an entity, an escaped sign.

import { pointsBefore, unitsFor } from "./quotes.js";

/** The marked pieces of a root in order: {element, node, at, to}. */
export function piecesOf(root) {
  return [...root.querySelectorAll("[data-at]")].map((element) => {
    const at = Number(element.dataset.at);
    const whole = element.dataset.to !== undefined;
    const node = element.firstChild;
    const to = whole ? Number(element.dataset.to) : at + pointsBefore(element.textContent, element.textContent.length);
    return { element, node, at, to, whole };
  });
}

/** The source places {start, end} of a range inside the root, or null where none is marked. */
export function placeOf(range, root) {
  const inside = piecesOf(root).filter(({ element }) => holdsSome(range, element));
  if (!inside.length) return null;
  const [first, last] = [inside[0], inside.at(-1)];
  const start = first.whole || !first.element.contains(range.startContainer) ? first.at : first.at + pointsIn(first, range.startContainer, range.startOffset);
  const end = last.whole || !last.element.contains(range.endContainer) ? last.to : last.at + pointsIn(last, range.endContainer, range.endOffset);
  return start < end ? { start, end } : null;
}

/** Whether a range covers something of an element and does not merely touch it. */
function holdsSome(range, element) {
  if (!range.intersectsNode(element)) return false;
  const own = document.createRange();
  own.selectNodeContents(element);
  return (
    range.compareBoundaryPoints(Range.START_TO_END, own) > 0 && range.compareBoundaryPoints(Range.END_TO_START, own) < 0
  );
}

function pointsIn(piece, container, offset) {
  if (container !== piece.node) return offset > 0 ? piece.to - piece.at : 0;
  return pointsBefore(piece.element.textContent, offset);
}

/** The range that shows these source places, or null where nothing shown stands there. */
export function rangeOf({ start, end }, pieces) {
  const inside = pieces.filter((piece) => piece.at < end && piece.to > start);
  if (!inside.length || !inside[0].node || !inside.at(-1).node) return null;
  const [first, last] = [inside[0], inside.at(-1)];
  const range = document.createRange();
  if (first.whole) range.setStartBefore(first.element);
  else range.setStart(first.node, unitsFor(first.node.data, Math.max(0, start - first.at)));
  if (last.whole) range.setEndAfter(last.element);
  else range.setEnd(last.node, unitsFor(last.node.data, Math.min(last.to, end) - last.at));
  return range;
}

/** The words shown, and where each of their units stands in the source (null where unknown). */
export function shownWords(pieces) {
  let words = "";
  const places = [];
  let before = null;
  for (const piece of pieces) {
    if (piece.whole && piece.element.querySelector("math")) continue;
    const block = piece.element.closest("p, li, h3, h4, h5, h6, td, th, pre");
    if (before && (block !== before || piece.element.previousSibling?.nodeName === "BR")) {
      words += "\n";
      places.push(null);
    }
    before = block;
    const text = piece.element.textContent;
    words += text;
    let points = -1;
    for (let at = 0; at < text.length; at += 1) {
      // The second half of a pair stands where the first does.
      if (!/[\uDC00-\uDFFF]/.test(text[at])) points += 1;
      // An escaped sign is the second of its two; an entity has no place of its own.
      places.push(!piece.whole ? piece.at + points : piece.to - piece.at === 2 ? piece.at + 1 : null);
    }
  }
  return { words, places };
}

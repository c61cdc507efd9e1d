// Quotes as text: the lines of a field, offsets in code points, and where words stand. Pure;
// annotations/evidence.py does the same on the server, which has the last word.

const LINE = /^(.*\S)\s*\[(\d{1,9})-(\d{1,9})\]$/s;
const PAIR = /[\u{10000}-\u{10FFFF}]/u;

/** "some words [3-13]" as {text, start, end}; start and end are null where no place is named. */
export function readLine(line) {
  const found = LINE.exec(line);
  if (!found) return { text: line, start: null, end: null };
  return { text: found[1], start: Number(found[2]), end: Number(found[3]) };
}

/** The inverse; white space inside becomes one space, so that a quote is a line. */
export function writeLine({ text, start, end }) {
  const words = text.trim().split(/\s+/u).join(" ");
  return start === null ? words : `${words} [${start}-${end}]`;
}

/** The quotes of a field, each line once. */
export function readLines(field) {
  const lines = field.split("\n").map((line) => line.trim().split(/\s+/u).join(" "));
  return [...new Set(lines)].filter(Boolean).map(readLine);
}

/** How many code points lie before a position in UTF-16. */
export function pointsBefore(text, units) {
  if (!PAIR.test(text)) return units;
  let points = 0;
  for (let at = 0; at < units; points += 1) at += text.codePointAt(at) > 0xffff ? 2 : 1;
  return points;
}

/** The position in UTF-16 behind so many code points. */
export function unitsFor(text, points) {
  if (!PAIR.test(text)) return Math.min(points, text.length);
  let at = 0;
  for (let n = 0; n < points && at < text.length; n += 1) at += text.codePointAt(at) > 0xffff ? 2 : 1;
  return at;
}

/** The text between two places given in code points. */
export const slice = (text, start, end) => text.slice(unitsFor(text, start), unitsFor(text, end));

const SAME = { "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-" };

/** The text in lower case, runs of white space as one space, and where each unit came from. */
function fold(text) {
  const letters = [];
  const from = [];
  for (let at = 0; at < text.length; at += 1) {
    const raw = text[at];
    const letter = /\s/u.test(raw) ? " " : (SAME[raw] ?? raw.toLowerCase());
    if (letter.length !== 1 || (letter === " " && letters.at(-1) === " ")) continue;
    letters.push(letter);
    from.push(at);
  }
  return { letters: letters.join(""), from };
}

/** Where words stand in a text, as [start, end] in UTF-16, or null. */
export function find(words, text) {
  if (!words) return null;
  const exact = text.indexOf(words);
  if (exact >= 0) return [exact, exact + words.length];
  const needle = fold(words).letters.trim();
  const hay = fold(text);
  const at = needle ? hay.letters.indexOf(needle) : -1;
  return at < 0 ? null : [hay.from[at], hay.from[at + needle.length - 1] + 1];
}

/** Whether the source says these words between these places. */
export function says(source, { text, start, end }) {
  const flat = (words) => words.trim().split(/\s+/u).join(" ");
  return start !== null && start < end && flat(slice(source, start, end)) === flat(text);
}

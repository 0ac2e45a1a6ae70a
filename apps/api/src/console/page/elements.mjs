// What sections are made of. Texts become text nodes: nothing that comes from the database can become markup.

/** Makes an element of attributes and content: a text, a number, a node, or lists of them. */
export function element(name, attributes = {}, content = []) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...[content].flat(4).map((part) => (typeof part === 'number' ? String(part) : part)));
  return made;
}

/** As `element`, for the shapes of a drawing. */
export function shape(name, attributes = {}, content = []) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...[content].flat(4));
  return made;
}

/** A length of time that was measured, as `12.3 ms`. */
export function duration(ms) {
  if (ms < 1_000) return `${Math.round(ms * 10) / 10} ms`;
  return ms < 60_000 ? `${Math.round(ms / 100) / 10} s` : age(ms);
}

/** How long ago, as `5 min`. */
export function age(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

/** `1 event`, `2 events`. */
export function count(number, noun) {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}

/** The time of day; with the date where it is another day. */
export function time(iso) {
  const at = new Date(iso);
  const ofDay = at.toLocaleTimeString('en-GB');
  const isToday = at.toDateString() === new Date().toDateString();
  const text = isToday ? ofDay : `${at.toLocaleDateString('en-CA')} ${ofDay}`;
  return element('time', { datetime: iso, class: 'number' }, text);
}

/**
 * A table that scrolls by itself where it is too wide; one that `stacks` has its cells one below the other there. Cells are
 * `[content, class]`.
 */
export function table(label, heads, rows, layout = '') {
  const cell = (tag, [content, className], attributes = {}) =>
    element(tag, { ...attributes, ...(className && { class: className }) }, content);
  return element(
    'div',
    {
      class: `scroll ${layout}`.trim(),
      role: 'region',
      tabindex: 0,
      'aria-label': label,
      'data-key': `table-${label}`,
    },
    element('table', {}, [
      element(
        'thead',
        {},
        element(
          'tr',
          {},
          heads.map((head) => cell('th', head, { scope: 'col' })),
        ),
      ),
      element(
        'tbody',
        {},
        rows.map((row) =>
          element(
            'tr',
            {},
            row.map((one, at) => cell('td', one, { 'data-label': heads[at][0] })),
          ),
        ),
      ),
    ]),
  );
}

/** A button that keeps its focus when its section is drawn anew. Without an action it can be reached, and does nothing. */
export function button(key, label, fullName, act) {
  const made = element(
    'button',
    {
      type: 'button',
      'data-key': key,
      ...(fullName && { 'aria-label': fullName }),
      ...(!act && { 'aria-disabled': 'true' }),
    },
    label,
  );
  if (act) made.addEventListener('click', act);
  return made;
}

const opened = new Set();

/** Stays open when its section is drawn anew. */
export function foldable(key, title, content) {
  const made = element(
    'details',
    opened.has(key) ? { open: '' } : {},
    [element('summary', { 'data-key': key }, title), content].flat(),
  );
  made.addEventListener('toggle', () => (made.open ? opened.add(key) : opened.delete(key)));
  return made;
}

/** What a part of the data is shown as; where it could not be read, that and why. */
export function known(part, render) {
  return part.state === 'known'
    ? render(part.value, part)
    : [
        element('p', { class: 'bad-text' }, 'Could not be read.'),
        element('p', { class: 'soft' }, part.reason),
      ];
}

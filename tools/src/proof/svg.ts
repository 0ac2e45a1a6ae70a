export type Attributes = Readonly<Record<string, string | number>>;

/** One element, with its children in it. Attributes and text are escaped; children are elements already. */
export function renderElement(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${renderAttribute(value)}"`);
  const open = `<${name}${written.join('')}`;
  if (children.length === 0) return `${open}/>`;
  const isInline = children.length === 1 && !children[0]?.startsWith('<');
  return isInline
    ? `${open}>${children[0]}</${name}>`
    : `${open}>\n${indent(children.join('\n'))}\n</${name}>`;
}

/** One element with text in it. */
export function renderText(name: string, attributes: Attributes, text: string): string {
  return renderElement(name, attributes, escapeText(text));
}

/** Two decimals are a hundredth of a pixel; more would only show where machines differ in the last bit. */
export function roundCoordinate(value: number): number {
  return Math.round(value * 100) / 100;
}

function renderAttribute(value: string | number): string {
  if (typeof value === 'string') return escapeText(value).replaceAll('"', '&quot;');
  if (!Number.isFinite(value)) throw new RangeError(`A coordinate must be a finite number, but is ${value}`);
  return String(roundCoordinate(value));
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}

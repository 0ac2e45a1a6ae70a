import type { ReadRow } from '../statements/row-reader';

/** Whether this process may make functions of texts: `--disallow-code-generation-from-strings` forbids it. */
export function mayGenerateCode(): boolean {
  try {
    return typeof new Function() === 'function';
  } catch {
    return false;
  }
}

/** Lines of a function that reads `fields` and may use `text`, and what they refer to. */
export class GeneratedCode {
  readonly #lines: string[] = [];
  readonly #bound: unknown[] = [];

  add(line: string): void {
    this.#lines.push(line);
  }

  /** Returns the name under which the code knows the value. */
  bind(value: unknown): string {
    return `bound${this.#bound.push(value) - 1}`;
  }

  compile(): ReadRow {
    const names = this.#bound.map((_, index) => `bound${index}`);
    const body = `'use strict';\nreturn function readRow(fields) {\n  let text;\n  ${this.#lines.join('\n  ')}\n};`;
    return new Function(...names, body)(...this.#bound) as ReadRow;
  }
}

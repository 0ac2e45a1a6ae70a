import { InvalidOptionError } from '../errors/invalid-option-error';

type Listener<E> = (event: E) => void;

/**
 * Tells listeners what happens, by event name. Whoever emits asks `isHeard` first, so that an event nobody listens to is
 * not even made. A listener that throws is ignored: watching an operation must not change its outcome.
 */
export class Emitter<Events extends object> {
  readonly #names: readonly (keyof Events)[];
  #listeners: { [Name in keyof Events]?: readonly Listener<Events[Name]>[] } = {};

  constructor(names: readonly (keyof Events)[]) {
    this.#names = names;
  }

  /**
   * The listener is told of every event of that name until the returned function is called.
   * @throws InvalidOptionError when there is no such event or the listener is no function.
   */
  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    if (!this.#names.includes(name)) {
      throw new InvalidOptionError('event', name, `one of ${this.#names.join(', ')}`);
    }
    if (typeof listener !== 'function') throw new InvalidOptionError('listener', listener, 'a function');
    // Wrapped, so that the same function listening twice is told twice and leaves once.
    const entry: Listener<Events[Name]> = (event) => listener(event);
    this.#listeners[name] = [...(this.#listeners[name] ?? []), entry];
    return () => {
      const left = this.#listeners[name]?.filter((other) => other !== entry) ?? [];
      if (left.length > 0) this.#listeners[name] = left;
      else delete this.#listeners[name];
    };
  }

  isHeard(name: keyof Events): boolean {
    return this.#listeners[name] !== undefined;
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of this.#listeners[name] ?? []) {
      try {
        const answer: unknown = listener(event);
        // An async listener throws later, and a rejection that nobody handles ends the process.
        if (answer instanceof Promise) answer.catch(ignore);
      } catch {
        // Deliberately silent: see the class.
      }
    }
  }
}

function ignore(): void {}

import type { RunEvent } from '@holdfast/online-schema';

/** How far a run of the migrations has come. */
export class MigrationProgress {
  #applied = 0;
  #total: number | undefined;

  /** Takes the next event of the run into account. */
  follow(event: RunEvent): void {
    if (event.type === 'started') this.#total = event.total;
    if (event.type === 'applied') this.#applied += 1;
  }

  /** As in `1 of 2 migrations applied`. */
  toString(): string {
    if (this.#total === undefined) return 'no migration applied';
    return `${this.#applied} of ${this.#total} ${this.#total === 1 ? 'migration' : 'migrations'} applied`;
  }
}

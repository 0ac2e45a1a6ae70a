import type { FastifyReply } from 'fastify';
import { refuseSlowBody } from './body-too-slow';

/** Bodies that may be on their way at once: each can take as much memory as a body may hold. */
const MOST_RECEPTIONS = 256;

/**
 * The requests whose bodies are awaited. They hold no place, only memory; so where there are too many, the one that has been on its way
 * for the longest is refused with 408, and a newcomer is never.
 */
export class Receptions {
  /** In the order in which they began. */
  readonly #awaited = new Set<FastifyReply>();

  begin(reply: FastifyReply): void {
    this.#awaited.add(reply);
    const [oldest] = this.#awaited;
    if (this.#awaited.size <= MOST_RECEPTIONS || oldest === undefined) return;
    this.#awaited.delete(oldest);
    refuseSlowBody(oldest.request, oldest);
  }

  /** Its body is there, or will not come any more. */
  end(reply: FastifyReply): void {
    this.#awaited.delete(reply);
  }
}

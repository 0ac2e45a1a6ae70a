import type { RunEvent } from '../../run/run-event';
import type { Look } from './look';
import { reduce, type ScreenEvent } from './reduce';
import { renderDone } from './render-done';
import { renderScreen } from './render-screen';
import { INITIAL_STATE } from './screen-state';

/** A run of migrations on a terminal. */
export interface Screen {
  /** Takes an event of the run into account. */
  show(event: RunEvent): void;
  /** Afterwards the last state stays on the terminal as plain lines, and nothing is drawn any more. */
  close(): void;
}

/** The part of the terminal that is drawn again and again. */
export interface Region {
  /** Afterwards the lines that stay are above the frame, which takes the place of the frame before it. */
  draw(staying: readonly string[], frame: readonly string[]): void;
  /** The frame stays. */
  close(): void;
}

/** Sooner the eye sees no difference. */
const FRAME_MS = 100;

/** Often enough for seconds that pass. */
const TICK_MS = 500;

/** Draws at most ten frames a second, and none that keeps the process alive. */
export class LiveScreen implements Screen {
  readonly #region: Region;
  readonly #look: () => Look;
  readonly #nowMs: () => number;
  readonly #ticking: NodeJS.Timeout;
  #state = INITIAL_STATE;
  #staying: string[] = [];
  /** Printed by somebody else, and not a whole line yet. */
  #begun = '';
  #frame: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** @param nowMs a clock that tells the time of day. */
  constructor(region: Region, look: () => Look, nowMs: () => number = Date.now) {
    this.#region = region;
    this.#look = look;
    this.#nowMs = nowMs;
    this.#ticking = setInterval(() => this.#draw(), TICK_MS).unref();
  }

  show(event: ScreenEvent): void {
    if (this.#isClosed) return;
    const nowMs = this.#nowMs();
    this.#staying.push(...renderDone(this.#state, event, this.#look(), nowMs));
    this.#state = reduce(this.#state, event, nowMs);
    this.redrawSoon();
  }

  /** What somebody else prints stays above what is redrawn, line by line. */
  print(text: string): void {
    const lines = `${this.#begun}${text}`.split('\n');
    this.#begun = lines.pop() ?? '';
    this.#staying.push(...lines);
    if (lines.length > 0) this.redrawSoon();
  }

  /** Draws again within a tenth of a second, as the terminal is then. */
  redrawSoon(): void {
    if (this.#isClosed) return;
    this.#frame ??= setTimeout(() => this.#draw(), FRAME_MS).unref();
  }

  close(): void {
    if (this.#isClosed) return;
    this.show({ type: 'ended' });
    this.#isClosed = true;
    clearInterval(this.#ticking);
    if (this.#begun !== '') this.#staying.push(this.#begun);
    this.#draw();
    this.#region.close();
  }

  #draw(): void {
    clearTimeout(this.#frame);
    this.#frame = undefined;
    const staying = this.#staying;
    this.#staying = [];
    this.#region.draw(staying, renderScreen(this.#state, this.#look(), this.#nowMs()));
  }
}

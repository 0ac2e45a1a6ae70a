import { MAX_TIMER_MS } from '../clock/clock';
import { InvalidOptionError, requireNumber } from '../errors/invalid-option-error';
import { requireKnownOptions } from '../errors/require-option';

/** How much of a delay is left to chance. */
export type Jitter = 'full' | 'equal' | 'decorrelated' | 'none';

/** Decides how long to wait between attempts. Without state: one backoff serves any number of calls at once. */
export interface Backoff {
  /**
   * The wait before the next attempt, in milliseconds.
   * @param retry 1 for the wait after the first attempt.
   * @param previousDelayMs the wait before, which a server's hint may have made longer than drawn; undefined for the first.
   * @param random uniform in [0, 1).
   */
  drawDelayMs(retry: number, previousDelayMs: number | undefined, random: () => number): number;
  /** A wait for a failure that needs time to pass, such as a full disk or exhausted memory: near the maximum. */
  drawSlowDelayMs(random: () => number): number;
}

/** The shape of exponential waits. */
export interface ExponentialOptions {
  /** Ceiling of the first wait, in milliseconds. Above 0. Default 1000. */
  readonly baseDelayMs?: number | undefined;
  /** Ceiling of every wait, in milliseconds. At least `baseDelayMs`. Default 30 000, or `baseDelayMs` if that is more. */
  readonly maxDelayMs?: number | undefined;
  /** Growth of the ceiling from one wait to the next. At least 1. Default 2. */
  readonly backoffMultiplier?: number | undefined;
  /** `true` is `'full'`, `false` is `'none'`. Default `true`. */
  readonly jitter?: boolean | Jitter | undefined;
}

/** Defaults of `exponential`, in milliseconds. */
export const EXPONENTIAL_DEFAULTS = Object.freeze({
  baseDelayMs: 1000,
  maxDelayMs: 30_000,
  backoffMultiplier: 2,
});

/**
 * Waits that grow by a multiplier.
 *
 * - `full`: anything from 0 to `min(max, base × multiplier^(retry−1))`.
 * - `equal`: 50–100 % of that.
 * - `none`: all of it.
 * - `decorrelated`: from `base` to `previous × (multiplier + 1)`, at most `max`; the first `previous` is `base`.
 *   With the default multiplier of 2 this is the published `uniform(base, previous × 3)`.
 *
 * Formulas: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 *
 * @throws InvalidOptionError naming the option, the value and the range.
 */
export function exponential(options: ExponentialOptions = {}): Backoff {
  requireKnownOptions('exponential', options, ['baseDelayMs', 'maxDelayMs', 'backoffMultiplier', 'jitter']);
  const baseDelayMs = requireNumber('baseDelayMs', options.baseDelayMs ?? EXPONENTIAL_DEFAULTS.baseDelayMs, {
    above: 0,
  });
  const maxDelayMs = Math.min(
    MAX_TIMER_MS,
    requireNumber(
      'maxDelayMs',
      options.maxDelayMs ?? Math.max(EXPONENTIAL_DEFAULTS.maxDelayMs, baseDelayMs),
      {
        min: baseDelayMs,
      },
    ),
  );
  const multiplier = requireNumber(
    'backoffMultiplier',
    options.backoffMultiplier ?? EXPONENTIAL_DEFAULTS.backoffMultiplier,
    { min: 1 },
  );
  const jitter = readJitter(options.jitter ?? true);

  return Object.freeze({
    drawDelayMs(retry: number, previousDelayMs: number | undefined, random: () => number): number {
      const ceilingMs = Math.min(maxDelayMs, baseDelayMs * multiplier ** (retry - 1));
      switch (jitter) {
        case 'none':
          return ceilingMs;
        case 'full':
          return random() * ceilingMs;
        case 'equal':
          return ceilingMs / 2 + random() * (ceilingMs / 2);
        case 'decorrelated': {
          const upperMs = (previousDelayMs ?? baseDelayMs) * (multiplier + 1);
          return Math.min(maxDelayMs, baseDelayMs + random() * Math.max(0, upperMs - baseDelayMs));
        }
        default:
          return jitter satisfies never;
      }
    },
    drawSlowDelayMs: (random: () => number): number =>
      jitter === 'none' ? maxDelayMs : maxDelayMs / 2 + random() * (maxDelayMs / 2),
  });
}

/** The same wait every time. @throws InvalidOptionError unless `delayMs` is at least 0. */
export function constant(delayMs: number): Backoff {
  return listed([delayMs], 'delayMs');
}

/**
 * The waits of a list in turn; the last one repeats.
 * @throws InvalidOptionError when the list is empty or longer than 1000, or one of its waits is not at least 0.
 */
export function iterable(delaysMs: Iterable<number>): Backoff {
  return listed(readDelays(delaysMs), 'delaysMs');
}

const MAX_LISTED = 1000;

function readDelays(delaysMs: Iterable<number>): number[] {
  const allowed = `1 to ${MAX_LISTED} delays in milliseconds`;
  if (typeof delaysMs?.[Symbol.iterator] !== 'function') {
    throw new InvalidOptionError('delaysMs', delaysMs, allowed);
  }
  const delays: number[] = [];
  for (const delayMs of delaysMs) {
    delays.push(delayMs);
    // A generator may never end; the loop closes it.
    if (delays.length > MAX_LISTED) break;
  }
  if (delays.length === 0 || delays.length > MAX_LISTED)
    throw new InvalidOptionError('delaysMs', delaysMs, allowed);
  return delays;
}

function listed(delaysMs: readonly number[], option: string): Backoff {
  const delays = delaysMs.map((delayMs) =>
    Math.min(MAX_TIMER_MS, requireNumber(option, delayMs, { min: 0 })),
  );
  const longestMs = Math.max(...delays);
  return Object.freeze({
    drawDelayMs: (retry: number) => delays[Math.min(retry, delays.length) - 1] as number,
    drawSlowDelayMs: () => longestMs,
  });
}

const JITTERS: readonly unknown[] = ['full', 'equal', 'decorrelated', 'none'] satisfies Jitter[];

function readJitter(jitter: boolean | Jitter): Jitter {
  if (typeof jitter === 'boolean') return jitter ? 'full' : 'none';
  if (JITTERS.includes(jitter)) return jitter;
  throw new InvalidOptionError('jitter', jitter, `a boolean or one of ${JITTERS.join(', ')}`);
}

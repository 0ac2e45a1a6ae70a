import type { Clock } from '../clock/clock';
import { InvalidOptionError } from '../errors/invalid-option-error';
import type { Layer } from './frame';
import { Policy } from './policy';

/** What policies may resolve to beside the operation's own result. */
type AddedBy<P> = P extends Policy<infer Added> ? Added : never;

class Pipeline<Added> extends Policy<Added> {
  readonly #layers: readonly Layer[];

  constructor(policies: readonly Policy<unknown>[], clock: Clock | undefined) {
    super(clock);
    this.#layers = policies.flatMap((policy) => policy.layers());
  }

  layers(): readonly Layer[] {
    return this.#layers;
  }
}

/**
 * Joins policies into one, outermost first: `pipeline([retry(), circuitBreaker(), timeout({ timeoutMs: 500 })])` asks
 * the breaker before every attempt and times each of them. The layers are fused: a call costs one promise, however many
 * they are. A pipeline is itself a policy and can be part of another.
 *
 * @throws InvalidOptionError when something is not a policy, when one is listed twice (its slots would be taken twice by
 * one call), or when the policies tell time by different clocks.
 */
export function pipeline<const P extends readonly Policy<unknown>[]>(
  policies: P,
): Policy<AddedBy<P[number]>> {
  if (!Array.isArray(policies)) throw new InvalidOptionError('policies', policies, 'an array of policies');
  let clock: Clock | undefined;
  // By entries, because that visits holes too.
  for (const [at, policy] of policies.entries()) {
    requirePolicy(policy, at);
    // A pipeline of none tells no time.
    if (policy.layers().length === 0) continue;
    clock ??= policy.clock;
    if (policy.clock !== clock) {
      throw new InvalidOptionError(`policies[${at}].clock`, policy.clock, 'the clock of the other policies');
    }
  }
  const joined = new Pipeline<AddedBy<P[number]>>(policies, clock);
  const layers = joined.layers();
  if (new Set(layers).size < layers.length) {
    throw new InvalidOptionError('policies', policies, 'policies that are each listed once');
  }
  return joined;
}

function requirePolicy(policy: unknown, at: number): asserts policy is Policy<unknown> {
  if (policy instanceof Policy) return;
  throw new InvalidOptionError(
    `policies[${at}]`,
    policy,
    'a policy, such as retry() or timeout({ timeoutMs })',
  );
}

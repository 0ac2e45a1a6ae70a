/** What can befall a call, by the hand of its caller, of its operation or of time. */
type Happening = 'start' | 'ok' | 'fail' | 'timeout' | 'abort';

export interface Step {
  readonly call: number;
  readonly happening: Happening;
}

/** What befalls a call after its start, in this order. */
export type Script = readonly Exclude<Happening, 'start'>[];

/**
 * Every order in which so many calls can start and meet their fates, each call having any of the scripts. Calls are numbered
 * by their start: two orders that differ only in the names of the calls are one.
 */
export function* listInterleavings(calls: number, scripts: readonly Script[]): Generator<readonly Step[]> {
  yield* extend([], [], calls, scripts);
}

/** `left` holds, for each call that has started, what is still to come. */
function* extend(
  steps: readonly Step[],
  left: readonly Script[],
  calls: number,
  scripts: readonly Script[],
): Generator<readonly Step[]> {
  if (left.length === calls && left.every((script) => script.length === 0)) {
    yield steps;
    return;
  }
  if (left.length < calls) {
    const start: Step = { call: left.length, happening: 'start' };
    for (const script of scripts) yield* extend([...steps, start], [...left, script], calls, scripts);
  }
  for (const [call, script] of left.entries()) {
    const [happening, ...rest] = script;
    if (happening !== undefined) {
      yield* extend([...steps, { call, happening }], left.with(call, rest), calls, scripts);
    }
  }
}

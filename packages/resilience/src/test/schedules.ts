/** How many random schedules a model and the engine are compared on. `HOLDFAST_SCHEDULES=100000` looks ten times as long. */
export const SCHEDULES = Number(process.env.HOLDFAST_SCHEDULES ?? 10_000);

if (!Number.isSafeInteger(SCHEDULES) || SCHEDULES < 1) {
  throw new RangeError(
    `HOLDFAST_SCHEDULES must be a positive integer, but is ${process.env.HOLDFAST_SCHEDULES}`,
  );
}

import fc from 'fast-check';
import { classOfRoute } from './admission';
import { type Place, type PlaceOutcome, Pressure, PressureRefusedError } from './pressure';

const SETTINGS = Object.freeze({
  most: { reads: 4, writes: 2, appends: 2 },
  limitMin: 2,
  limitMax: 6,
  queueMax: 1,
  queueWaitMs: 20,
  latencyMs: 1_000,
});

const enterMany = (pressure: Pressure, count: number, of: 'reads' | 'writes' | 'appends') =>
  Promise.all(Array.from({ length: count }, () => pressure.enter(of)));

/** The place is free once the policies have settled. */
async function leave(place: Place, outcome: PlaceOutcome): Promise<void> {
  place.leave(outcome);
  await new Promise(setImmediate);
}

describe('Pressure', () => {
  it('refuses one class without touching the others', async () => {
    const pressure = new Pressure(SETTINGS);
    await enterMany(pressure, 2, 'writes');
    await expect(pressure.enter('writes')).rejects.toMatchObject({
      reason: 'class-full',
      routeClass: 'writes',
      code: 'HOLDFAST_PRESSURE_REFUSED',
    });
    await expect(pressure.enter('reads')).resolves.toBeDefined();
    expect(pressure.read().classes.writes).toMatchObject({
      inFlight: 2,
      refused: { 'class-full': 1, saturated: 0 },
    });
  });

  it('refuses all when as much runs as it bears, after a short wait of a few', async () => {
    const pressure = new Pressure(SETTINGS);
    const places = [...(await enterMany(pressure, 4, 'reads')), ...(await enterMany(pressure, 2, 'writes'))];
    const waiting = pressure.enter('appends');
    // The only place to wait is taken, so this one is refused before it has waited.
    await expect(pressure.enter('appends')).rejects.toMatchObject({ reason: 'saturated' });
    expect(pressure.read()).toMatchObject({ inFlight: 6, waiting: 1 });
    places[0]?.leave('answered');
    await expect(waiting).resolves.toBeDefined();
    await expect(pressure.enter('appends')).rejects.toBeInstanceOf(PressureRefusedError);
  });

  it('gives a place that is free at once, and none to whoever would overtake one that waits', async () => {
    const pressure = new Pressure({ ...SETTINGS, queueMax: 2 });
    const places = Array.from({ length: 4 }, () => pressure.enterAtOnce('reads'));
    expect(places).not.toContain(undefined);
    expect(pressure.read().classes.reads).toMatchObject({ inFlight: 4, admitted: 4 });
    expect(() => pressure.enterAtOnce('reads')).toThrow(PressureRefusedError);
    await enterMany(pressure, 2, 'writes');
    expect(pressure.enterAtOnce('appends')).toBeUndefined();
    const waiting = pressure.enter('appends');
    places[0]?.leave('answered');
    await expect(waiting).resolves.toBeDefined();
    // The place that came free is that of the one that waited.
    expect(pressure.enterAtOnce('reads')).toBeUndefined();
  });

  it('refuses without a stack, which is what refusing costs', async () => {
    const pressure = new Pressure(SETTINGS);
    await enterMany(pressure, 2, 'writes');
    const error = await pressure.enter('writes').catch((refusal: Error) => refusal);
    expect((error as Error).stack).not.toContain('\n    at ');
    expect(new Error('the control').stack).toContain('\n    at ');
  });

  it('keeps places of the shared limit for the other classes, also once it has shrunk', async () => {
    const most = { reads: 128, writes: 64, appends: 64 };
    const pressure = new Pressure({ ...SETTINGS, most, limitMin: 16, limitMax: 64, queueMax: 16 });
    const flood = async () => {
      const places = Array.from({ length: 200 }, () => pressure.enter('reads').catch(() => undefined));
      return (await Promise.all(places)).filter((place) => place !== undefined);
    };
    const expectPlaces = async (count: number) => {
      const places = [
        ...(await enterMany(pressure, count, 'writes')),
        ...(await enterMany(pressure, count, 'appends')),
      ];
      for (const place of places) await leave(place, 'answered');
    };
    const reads = await flood();
    expect(reads).toHaveLength(48);
    expect(pressure.read().waiting).toBe(0);
    await expectPlaces(8);
    for (const place of reads) await leave(place, 'answered');

    while (pressure.read().limit > 16) await leave(await pressure.enter('reads'), 'overloaded');
    expect(await flood()).toHaveLength(12);
    await expectPlaces(2);
  });

  it('is saturated for all once each class has what is kept for it', async () => {
    const most = { reads: 128, writes: 64, appends: 64 };
    const pressure = new Pressure({ ...SETTINGS, most, limitMin: 16, limitMax: 16 });
    await enterMany(pressure, 12, 'reads');
    await expect(pressure.enter('reads')).rejects.toMatchObject({ reason: 'class-full' });
    await enterMany(pressure, 2, 'writes');
    await enterMany(pressure, 2, 'appends');
    for (const one of ['reads', 'writes', 'appends'] as const) {
      await expect(pressure.enter(one)).rejects.toMatchObject({ reason: 'saturated' });
    }
  });

  it('says to come back when what runs will have ended', async () => {
    const pressure = new Pressure(SETTINGS);
    await enterMany(pressure, 2, 'writes');
    const readHint = () =>
      pressure.enter('writes').catch((error: PressureRefusedError) => error.retryAfterMs);
    const first = await readHint();
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(Number(await readHint())).toBeGreaterThan(Number(first));
  });

  it('shrinks while requests mean overload, never below its least, and grows again', async () => {
    const pressure = new Pressure(SETTINGS);
    for (let round = 0; round < 30; round++) await leave(await pressure.enter('reads'), 'overloaded');
    expect(pressure.read()).toMatchObject({ limit: 2, isShrunk: true });
    for (let round = 0; round < 30; round++) {
      for (const place of await enterMany(pressure, 2, 'reads')) await leave(place, 'answered');
    }
    expect(pressure.read().limit).toBeGreaterThan(2);
  });

  it('learns nothing from what failed', async () => {
    const pressure = new Pressure(SETTINGS);
    for (let round = 0; round < 30; round++) await leave(await pressure.enter('reads'), 'failed');
    expect(pressure.read().limit).toBe(6);
  });

  it('keeps its count whatever order places are left in, and however often', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(3), { maxLength: 30 }), async (steps) => {
        const pressure = new Pressure({ ...SETTINGS, queueMax: 0 });
        const places: (Place | undefined)[] = [];
        for (const step of steps) {
          if (step > 0) places.push(await pressure.enter('reads').catch(() => undefined));
          else {
            const place = places.shift();
            place?.leave('answered');
            if (place) await leave(place, 'answered');
          }
          expect(pressure.read().inFlight).toBe(places.filter((place) => place !== undefined).length);
          expect(pressure.read().inFlight).toBeLessThanOrEqual(4);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('classOfRoute', () => {
  it.each([
    ['GET', '/v1/users/:id', 'reads'],
    ['POST', '/v1/users', 'writes'],
    ['PATCH', '/v1/users/:id', 'writes'],
    ['POST', '/v1/events', 'appends'],
    ['GET', '/v1/events', 'reads'],
    ['GET', '/livez', undefined],
    ['GET', '/readyz', undefined],
    ['GET', '/metrics', undefined],
    ['POST', '/console/doctor', undefined],
    ['GET', undefined, undefined],
  ])('takes %s %s for %s', (method, route, expected) => {
    expect(classOfRoute(method, route)).toBe(expected);
  });
});

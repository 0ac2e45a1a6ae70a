import { APPEND_LIMITS, type AppendRequest, type NewEvent } from './append-request';
import { requireValidAppend } from './check-append';
import { InvalidAppendError } from './invalid-append-error';

const event = (more: Partial<NewEvent> = {}): NewEvent => ({
  eventType: 'account.opened',
  payload: {},
  ...more,
});
const request = (more: Partial<AppendRequest> = {}): AppendRequest => ({
  aggregateType: 'account',
  aggregateId: '0190f6b4-3c4d-7c3e-8d2a-3f6d0c9b8a73',
  expectedVersion: 0,
  events: [event()],
  ...more,
});
const keys = (...given: (string | undefined)[]) =>
  request({ events: given.map((idempotencyKey) => event({ idempotencyKey })) });
const long = 's'.repeat(201);

describe('a valid append', () => {
  it.each([
    request({ expectedVersion: APPEND_LIMITS.version - 1 }),
    request({ events: Array.from({ length: 10_000 }, () => event()) }),
    request({ aggregateType: 's'.repeat(200), events: [event({ eventType: '😀'.repeat(100) })] }),
    request({ events: [event({ tags: Array.from({ length: 100 }, () => 's'.repeat(200)) })] }),
    request({ events: [event({ eventTimestamp: new Date('0001-01-01T00:00:00.000Z') })] }),
    request({ events: [event({ eventTimestamp: new Date('9999-12-31T23:59:59.999Z') })] }),
    keys('a', 'b'),
    keys('s'.repeat(200)),
    keys(undefined, undefined),
  ])('holds what the limits allow (%#)', (valid) => {
    expect(() => requireValidAppend(valid)).not.toThrow();
  });

  it.each<[AppendRequest, string]>([
    [request({ events: [] }), 'events: an append needs at least one event'],
    [
      request({ events: Array.from({ length: 10_001 }, () => event()) }),
      'events: 10001 events; allowed are 1 to 10000',
    ],
    [
      request({ expectedVersion: -1 }),
      'expectedVersion: is -1; allowed is a whole number from 0 to 2147483647',
    ],
    [request({ expectedVersion: 0.5 }), 'expectedVersion: is 0.5;'],
    [request({ expectedVersion: Number.NaN }), 'expectedVersion: is NaN;'],
    [request({ expectedVersion: 2 ** 31 }), 'expectedVersion: is 2147483648;'],
    [
      request({ expectedVersion: 2 ** 31 - 2, events: [event(), event()] }),
      'events: 2 after version 2147483646; the last version is 2147483647',
    ],
    [request({ aggregateType: '' }), 'aggregateType: of 0 characters; allowed are 1 to 200'],
    [request({ aggregateType: long }), 'aggregateType: of 201 characters; allowed are 1 to 200'],
    [request({ aggregateType: 's\ud800' }), 'aggregateType: holds half of a surrogate pair'],
    [request({ events: [event(), event({ eventType: long })] }), 'events.1.eventType: of 201 characters'],
    [request({ events: [event({ tags: ['a', long] })] }), 'events.0.tags.1: of 201 characters'],
    [
      request({ events: [event({ tags: Array.from({ length: 101 }, () => 't') })] }),
      'events.0.tags: 101; allowed are 100',
    ],
    [
      request({ events: [event({ eventTimestamp: new Date('+010000-01-01T00:00:00.000Z') })] }),
      'events.0.eventTimestamp: outside of the years 1 to 9999 in UTC',
    ],
    [
      request({ events: [event({ eventTimestamp: new Date('0000-12-31T00:00:00Z') })] }),
      'events.0.eventTimestamp',
    ],
    [request({ events: [event({ eventTimestamp: new Date(Number.NaN) })] }), 'events.0.eventTimestamp'],
    [keys(long), 'events.0.idempotencyKey: of 201 characters'],
    [keys('a', 'b', 'a'), 'events.2.idempotencyKey: another event of this append has it'],
    [keys('a', undefined), 'events.1.idempotencyKey: missing; every event of an append has a key, or none'],
    [keys(undefined, 'a'), 'events.0.idempotencyKey: missing'],
  ])('is not this one (%#): $1', (invalid, message) => {
    expect(() => requireValidAppend(invalid)).toThrow(InvalidAppendError);
    expect(() => requireValidAppend(invalid)).toThrow(message);
    expect(() => requireValidAppend(invalid)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('sss') }),
    );
  });
});

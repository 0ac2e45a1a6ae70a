import { auditStreams, type LoggedEvent, type StreamRecords } from './stream-audit';

const event = (version: number, stream = 's'): LoggedEvent => ({
  id: `${stream}${version}`,
  stream,
  version,
  position: String(10 * version),
});
const appended = (version: number) => ({
  kind: 'appended' as const,
  stream: 's',
  expectedVersion: version - 1,
  events: [event(version)],
});
const ALL = [event(1), event(2), event(3)];
const RIGHT: StreamRecords = {
  attempts: [appended(1), appended(2), appended(3), { kind: 'conflict', stream: 's', expectedVersion: 1 }],
  stored: ALL,
  read: ALL,
  handled: ALL,
};
const NOTHING = { streams: [], successes: [], wrongConflicts: [], reader: [], worker: [] };

describe('an audit of streams', () => {
  it('finds nothing wrong where all agree', () => {
    expect(auditStreams(RIGHT)).toEqual({ ...NOTHING, appended: 3, conflicts: 1 });
  });

  it.each<[string, Partial<StreamRecords>, keyof typeof NOTHING]>([
    ['a gap', { stored: [event(1), event(3)] }, 'streams'],
    ['a version twice', { stored: [...ALL, { ...event(3), id: 'x' }] }, 'streams'],
    ['a success that is not there', { stored: [event(1), event(2)] }, 'successes'],
    [
      'a success in another place',
      { stored: [event(1), event(2), { ...event(3), position: '31' }] },
      'successes',
    ],
    ['an event that nobody appended', { attempts: [appended(1), appended(2)] }, 'successes'],
    [
      'a conflict without a cause',
      { attempts: [...RIGHT.attempts, { kind: 'conflict', stream: 's', expectedVersion: 3 }] },
      'wrongConflicts',
    ],
    ['an event that was not read', { read: [event(1), event(3)] }, 'reader'],
    ['an event that was read twice', { read: [...ALL, event(3)] }, 'reader'],
    ['events that were read in another order', { read: [event(2), event(1), event(3)] }, 'reader'],
    ['an event that was not handled', { handled: [event(1), event(2)] }, 'worker'],
    ['an event that was handled twice', { handled: [event(1), event(1), event(2), event(3)] }, 'worker'],
    ['events that were handled in another order', { handled: [event(1), event(3), event(2)] }, 'worker'],
  ])('finds %s', (_, change, problem) => {
    expect(auditStreams({ ...RIGHT, ...change })[problem]).not.toEqual([]);
  });
});

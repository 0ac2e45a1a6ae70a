import { renderFailure } from './render-failure';

describe('a rendered failure', () => {
  it('is one line', () => {
    expect(renderFailure(new Error('first\n    second\n'))).toBe('first second');
  });

  it('names the attempts of an error that has no message of its own', () => {
    const attempts = [new Error('refused by ::1'), new Error('refused by 127.0.0.1')];
    expect(renderFailure(new AggregateError(attempts))).toBe('refused by ::1; refused by 127.0.0.1');
  });

  it('shows what was thrown if it is no error', () => {
    expect(renderFailure('gone')).toBe('gone');
  });
});

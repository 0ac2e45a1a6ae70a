import { readOptions, readWholeNumber, renderOptions } from './options';
import { UsageError } from './usage-error';

const NONE = {};
const OWN = {
  seed: { value: '<n>', about: 'another random demand' },
  plot: { value: '<file>', about: 'where to write the plot' },
};

describe('the command line of a measurement', () => {
  it('asks for a full run when it is empty', () => {
    expect(readOptions([], NONE)).toEqual({ quick: false, help: false, values: {} });
  });

  it('knows --quick and --help', () => {
    expect(readOptions(['--quick'], NONE)).toEqual({ quick: true, help: false, values: {} });
    expect(readOptions(['--help', '--quick'], NONE)).toEqual({ quick: true, help: true, values: {} });
  });

  it('knows the options of its command, and hands their values on as they are', () => {
    expect(readOptions(['--seed', '7', '--plot=', '--quick'], OWN)).toEqual({
      quick: true,
      help: false,
      values: { seed: '7', plot: '' },
    });
  });

  it.each([
    ['--fast', "Unknown option '--fast'"],
    ['-q', "Unknown option '-q'"],
    ['--constructor', "Unknown option '--constructor'"],
    ['quick', "Unexpected argument 'quick'"],
    ['', "Unexpected argument ''"],
    ['--quick=yes', "Option '--quick' does not take an argument"],
    ['--seed', "Option '--seed <value>' argument missing"],
  ])('refuses %p, and names what is allowed', (arg, point) => {
    expect(() => readOptions(['--quick', arg], OWN)).toThrow(UsageError);
    expect(() => readOptions([arg], OWN)).toThrow(
      `${point}; allowed are --quick, --seed <n>, --plot <file>, --help`,
    );
  });

  it('refuses the options of another command', () => {
    expect(() => readOptions(['--seed', '7'], NONE)).toThrow(
      "Unknown option '--seed'; allowed are --quick, --help",
    );
  });
});

describe('a whole number', () => {
  const range = { min: 1, max: 20 };

  it('is what was given, on the edges of its range too, or else the default', () => {
    expect(['1', '020', undefined].map((text) => readWholeNumber('--n', text, 7, range))).toEqual([1, 20, 7]);
  });

  it.each(['0', '21', '-1', '1.5', '', ' 2', 'many', '1e1'])('is not %j', (text) => {
    expect(() => readWholeNumber('--n', text, 7, range)).toThrow(
      new UsageError(`--n must be a whole number from 1 to 20, but is "${text}"`),
    );
  });
});

it('explains every option in a line, one below the other', () => {
  expect(renderOptions(OWN, 'fewer rounds')).toBe(
    [
      '  --quick        fewer rounds',
      '  --seed <n>     another random demand',
      '  --plot <file>  where to write the plot',
      '  --help         this text',
    ].join('\n'),
  );
});

import { createStatementDescriber, describeStatement } from './describe-statement';

const describeWhole = (statement: string) => describeStatement(statement, 1_000);

describe('describeStatement', () => {
  it.each([
    ['a text', "select * from users where email = 'ada@example.org'", 'select * from users where email = ?'],
    ['a quote in a text', "set x = 'O''Brien', y = 'z'", 'set x = ?, y = ?'],
    ['a backslash at the end of a text', "select 'C:\\', secret, 'x'", 'select ?, secret, ?'],
    ['a backslash before a quote of an escape text', "select E'it\\'s', 'x'", 'select ?, ?'],
    ['bits, hexadecimals and Unicode', "select B'101', x'1F', U&'\\00e9', n'ada'", 'select ?, ?, ?, ?'],
    ['numbers', 'select 1, -2.5, .5, 1e-9, 0x1F, 1_000 limit 20', 'select ?, -?, ?, ?, ?, ? limit ?'],
    ['a dollar-quoted text', "do $$ begin perform 'ada'; end $$; select 1", 'do ?; select ?'],
    ['a tagged dollar-quoted text', 'select $a$ $$ $b$ ada $a$, x', 'select ?, x'],
    ['a placeholder that is inside of a text', "select '$1', 'ada'", 'select ?, ?'],
    ['a placeholder that is inside of a comment', "select 'ada' /* $1 */ -- $2", 'select ?  '],
    ['nested comments', 'select 1 /* a /* b */ ada */ + 2', 'select ?  + ?'],
    ['a comment to the end of a line', 'select 1 -- ada\n+ 2', 'select ? \n+ ?'],
    ['a password', "alter role ada password 'hunter2'", 'alter role ada password ?'],
  ])('hides %s', (_what, statement, shown) => {
    expect(describeWhole(statement)).toBe(shown);
  });

  it.each([
    ['names with digits', 'select t1.c2 from table1 t1'],
    ['a quoted name with a quote in it', 'select "it\'s", "a""b" from "t 1"'],
    ['a word with dollars', 'select a$1$b from foo$$bar'],
    ['truth values and null', 'select true, false, null'],
  ])('shows %s', (_what, statement) => {
    expect(describeWhole(statement)).toBe(statement);
  });

  it('shows a statement with placeholders as it was written', () => {
    const statement = "select /* list */ * from orders where status = 'open' and id = $1 limit 20";
    expect(describeWhole(statement)).toBe(statement);
  });

  it.each(["'ada", "E'ada\\", '$$ ada', '/* ada', '-- ada'])(
    'hides what an opening mark without its end begins: %s',
    (unclosed) => {
      expect(describeWhole(`select ${unclosed}`)).not.toContain('ada');
    },
  );

  it('cuts to the length', () => {
    expect(describeStatement(`select ${'a'.repeat(200)}`, 20)).toBe(`select ${'a'.repeat(12)}…`);
    expect(describeStatement('select a', 8)).toBe('select a');
  });

  it('hides a text that the cut opened', () => {
    expect(describeStatement("select 'ada@example.org and more'", 15)).toBe('select ?…');
  });

  it('hides literals when the cut took the placeholders away', () => {
    expect(describeStatement("select 'ada' as name, $1", 20)).toBe('select ? as nam…');
  });

  it('takes time in proportion to the text', () => {
    // A pattern that tried the same text in several ways would not end here.
    const shown = describeStatement(`select ${"''".repeat(50_000)} ${"'\\".repeat(50_001)} ada`, 1_000_000);
    expect(shown).toMatch(/^select \? (?:\?\\)+\?$/);
  });
});

describe('createStatementDescriber', () => {
  it('shows every statement as it would be shown alone, however many there are', () => {
    const describeKnown = createStatementDescriber(30, 3);
    for (let round = 0; round < 3; round += 1) {
      for (let count = 0; count < 7; count += 1) {
        const statement = `select name_${count} from users limit ${'1'.repeat(count)}`;
        expect(describeKnown(statement)).toBe(describeStatement(statement, 30));
      }
    }
  });
});

import { renderTable } from './table';

interface Row {
  readonly name: string;
  readonly ns: string;
}

const NAME = { title: '', align: 'left' as const, render: ({ name }: Row) => name };
const NS = { title: 'ns', render: ({ ns }: Row) => ns };

describe('a table', () => {
  const rows = [
    { name: 'bare await', ns: '9.50' },
    { name: 'four', ns: '12,345' },
  ];

  it('makes every column as wide as its widest cell: names to the left, figures to the right', () => {
    expect(renderTable('Calls', [NAME, NS], rows)).toBe(
      ['Calls', '', '                 ns', 'bare await     9.50', 'four         12,345'].join('\n'),
    );
  });

  it('names a column in several lines where its title has them', () => {
    const columns = [NAME, { ...NS, title: 'nanoseconds\nper call' }, NS];
    expect(renderTable('Calls', columns, rows.slice(0, 1))).toBe(
      [
        'Calls',
        '',
        '             nanoseconds     ns',
        '                per call',
        'bare await          9.50   9.50',
      ].join('\n'),
    );
  });

  it('leaves no blank at the end of a line', () => {
    const last = [{ ...NAME, title: 'name' }];
    expect(renderTable('Names', last, [{ name: 'a', ns: '0' }])).toBe('Names\n\nname\na');
  });

  it('shows its columns when there is no row', () => {
    expect(renderTable('None', [NAME, NS], [])).toBe('None\n\n   ns');
  });
});

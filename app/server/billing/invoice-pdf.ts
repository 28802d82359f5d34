/** An invoice for people. pdfkit writes it: kept since 2011, released this year, no browser and no native part. */
import PDFDocument from 'pdfkit';
import { formatMoney } from '../../../domain/units.ts';
import type { Invoice } from './invoice.ts';
import type { LeaseLine } from './lines.ts';

/** Lines that are printed; the CSV has every one. */
const MOST_PRINTED = 1_000;
const MARGIN = 40;
const ROW = 21;
const BOTTOM = 560;

const COLUMNS: { title: string; x: number; width: number; right?: true; of: (line: LeaseLine) => string }[] =
  [
    { title: 'Lease', x: 40, width: 90, of: ({ lease }) => lease },
    {
      title: 'Class, region',
      x: 132,
      width: 150,
      of: ({ className, region }) => `${className ?? '–'}, ${region ?? '–'}`,
    },
    { title: 'Start (UTC)', x: 284, width: 86, of: ({ start }) => timeOf(start) },
    { title: 'Cards', x: 370, width: 36, right: true, of: ({ cards }) => String(cards) },
    { title: 'Seconds', x: 408, width: 52, right: true, of: ({ seconds }) => seconds },
    { title: 'Rate', x: 462, width: 62, right: true, of: ({ rate }) => amount(rate) },
    { title: 'Price', x: 526, width: 76, right: true, of: ({ price }) => amount(price) },
    {
      title: 'Fee',
      x: 604,
      width: 62,
      right: true,
      of: ({ fee, surplus }) => amount((BigInt(fee) + BigInt(surplus)).toString()),
    },
    { title: 'Held', x: 668, width: 62, right: true, of: ({ held }) => amount(held) },
    { title: 'Slot', x: 734, width: 66, right: true, of: ({ slot }) => slot ?? 'bought' },
  ];

/** A4, on its side. */
export async function invoicePdf(invoice: Invoice): Promise<Uint8Array> {
  const { number, account, month, asOf, chainId, leaseBook, token, totals, lines } = invoice;
  const document = new PDFDocument({
    size: 'A4',
    layout: 'landscape',
    margin: MARGIN,
    // The same invoice is the same file.
    info: { Title: `Invoice ${number}`, Creator: 'Cardhour', CreationDate: new Date(Number(asOf) * 1_000) },
  });
  const chunks: Buffer[] = [];
  document.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = new Promise<void>((resolve, reject) => {
    document.on('end', resolve);
    document.on('error', reject);
  });

  document.font('Helvetica-Bold').fontSize(18).text(`Invoice ${number}`, MARGIN, MARGIN);
  document.font('Helvetica').fontSize(9).fillColor('#444');
  document.text(
    `Card-hours that ${account} rented in ${month} (leases that began in it, UTC), as the chain had them at ${timeOf(asOf.toString())}.`,
  );
  document.text(
    `Chain ${chainId}, lease book ${leaseBook}; amounts in units of token ${token}, six decimals.`,
  );
  const due = BigInt(totals.price) + BigInt(totals.fee) + BigInt(totals.surplus);
  document.moveDown(0.6).fillColor('#000').font('Helvetica-Bold').fontSize(11);
  document.text(
    `Billed ${amount(due.toString())}: price ${amount(totals.price)}, fees ${amount(sum(totals.fee, totals.surplus))}`,
  );
  document.font('Helvetica').fontSize(9);
  document.text(
    `Locked ${amount(totals.locked)}, returned ${amount(totals.refunded)}, still held ${amount(totals.held)}; ${totals.leases} leases.`,
  );

  let y = document.y + 12;
  const head = (): void => {
    document.font('Helvetica-Bold').fontSize(8);
    for (const { title, x, width, right } of COLUMNS) cell(document, title, x, y, width, right === true);
    y += 14;
    document
      .moveTo(MARGIN, y - 3)
      .lineTo(800, y - 3)
      .lineWidth(0.5)
      .stroke('#999');
  };
  head();
  for (const line of lines.slice(0, MOST_PRINTED)) {
    if (y + ROW > BOTTOM) {
      document.addPage();
      y = MARGIN;
      head();
    }
    document.font('Helvetica').fontSize(8).fillColor('#000');
    for (const { x, width, right, of } of COLUMNS) cell(document, of(line), x, y, width, right === true);
    document.fontSize(6).fillColor('#666');
    cell(document, proofOf(line), MARGIN, y + 10, 760, false);
    y += ROW;
  }
  if (lines.length > MOST_PRINTED) {
    document.fontSize(8).fillColor('#000');
    cell(
      document,
      `… and ${lines.length - MOST_PRINTED} more leases, which the sums above hold: see the CSV.`,
      MARGIN,
      y,
      760,
      false,
    );
  }
  document.end();
  await ended;
  return Buffer.concat(chunks);
}

function cell(
  document: PDFKit.PDFDocument,
  text: string,
  x: number,
  y: number,
  width: number,
  right: boolean,
): void {
  // Standard fonts have Latin letters alone.
  const plain = text.replace(/[^\x20-\x7e\xa0-\xff–…]/g, '?');
  document.text(plain, x, y, { width, align: right ? 'right' : 'left', lineBreak: false, ellipsis: true });
}

const proofOf = ({ txHash, block, page, place }: LeaseLine): string =>
  txHash === null
    ? `page ${page}, place ${place}`
    : `transaction ${txHash}, block ${block}, page ${page}, place ${place}`;

const amount = (units: string): string => formatMoney(BigInt(units));
const sum = (a: string, b: string): string => (BigInt(a) + BigInt(b)).toString();
const timeOf = (seconds: string): string =>
  new Date(Number(seconds) * 1_000).toISOString().slice(0, 16).replace('T', ' ');

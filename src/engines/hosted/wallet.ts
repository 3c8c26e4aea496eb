import * as z from 'zod';

/** What is left in the account to pay with. */
export interface WalletBalance {
  readonly amount: number;
  /** As the service calls it: `USD`. */
  readonly currency: string;
}

const balanceSchema = z
  .object({
    status: z.string().regex(/^success$/i),
    data: z.object({
      balance: z.union([
        z.number(),
        z
          .string()
          .trim()
          .regex(/^-?\d+(\.\d+)?$/)
          .transform(Number),
      ]),
      currency: z
        .string()
        .trim()
        .max(8)
        .regex(/^\p{L}*$/u)
        .catch(''),
    }),
  })
  .transform(({ data }): WalletBalance => ({ amount: data.balance, currency: data.currency }));

/** The balance that an answer tells; undefined where it tells none. */
export function parseWalletBalance(body: string): WalletBalance | undefined {
  try {
    return balanceSchema.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined; // no JSON
  }
}

// Unique codes: long enough that nobody guesses one, and easy to read out and to type.

/** 32 letters and digits, of which none looks like another: five bits each. */
const ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';
/** 80 bits: a random byte for each letter. */
export const CODE_BYTES = 16;
const GROUP = 4;

/** As it is stored and compared. */
export const codeOf = (random: Uint8Array): string => Array.from(random, (byte) => ALPHABET[byte % ALPHABET.length]).join('');

/** As people see it: ABCD-EFGH-JKLM-NPQR. */
export const readableCode = (code: string): string => code.match(new RegExp(`.{1,${GROUP}}`, 'g'))!.join('-');

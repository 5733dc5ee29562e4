/** An address as it is compared: nobody has two accounts that differ in capitals. */
export const emailKeyOf = (email: string): string => email.normalize('NFKC').toLowerCase();

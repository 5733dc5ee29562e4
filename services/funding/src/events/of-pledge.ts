/** Payments of the shop's orders have no pledge: they are not funding's. */
export const isOfPledge = ({ pledgeId }: { readonly pledgeId: string }): boolean => pledgeId !== '';

import type { SellerDashboardServiceDefinition } from '@moa/contracts/seller/v1/dashboard_service';
import type { SellerServiceDefinition } from '@moa/contracts/seller/v1/seller_service';
import type { StatementServiceDefinition } from '@moa/contracts/seller/v1/statement_service';
import type { VerificationServiceDefinition } from '@moa/contracts/seller/v1/verification_service';
import type { Implementation } from '@moa/kit';
import type { Context } from '../service.js';
import { approveSeller } from './approve-seller.js';
import { downloadSettlementStatement } from './download-settlement-statement.js';
import { getFundingProgress } from './get-funding-progress.js';
import { getSeller } from './get-seller.js';
import { getSettlementAccount } from './get-settlement-account.js';
import { getSettlementStatement } from './get-settlement-statement.js';
import { listFundingHistory } from './list-funding-history.js';
import { listSellers } from './list-sellers.js';
import { listSettlements } from './list-settlements.js';
import { listVerifications } from './list-verifications.js';
import { registerSeller } from './register-seller.js';
import { rejectSeller } from './reject-seller.js';
import { reviewVerification } from './review-verification.js';
import { submitVerification } from './submit-verification.js';
import { updateSettlementAccount } from './update-settlement-account.js';

export const sellerService = (context: Context): Implementation<typeof SellerServiceDefinition> => ({
  registerSeller: registerSeller(context),
  getSeller: getSeller(context),
  updateSettlementAccount: updateSettlementAccount(context),
  listSellers: listSellers(context),
  approveSeller: approveSeller(context),
  rejectSeller: rejectSeller(context),
  getSettlementAccount: getSettlementAccount(context),
});

export const verificationService = (context: Context): Implementation<typeof VerificationServiceDefinition> => ({
  submitVerification: submitVerification(context),
  listVerifications: listVerifications(context),
  reviewVerification: reviewVerification(context),
});

export const dashboardService = (context: Context): Implementation<typeof SellerDashboardServiceDefinition> => ({
  getFundingProgress: getFundingProgress(context),
  listFundingHistory: listFundingHistory(context),
  listSettlements: listSettlements(context),
});

export const statementService = (context: Context): Implementation<typeof StatementServiceDefinition> => ({
  getSettlementStatement: getSettlementStatement(context),
  downloadSettlementStatement: downloadSettlementStatement(context),
});

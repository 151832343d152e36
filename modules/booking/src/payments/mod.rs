//! Payments: one intent per order, behind a provider. A card number goes to the provider and nowhere else.

mod card;
pub(crate) mod ledger;
pub(crate) mod provider;
pub(crate) mod rows;
pub(crate) mod schema;
pub(crate) mod settle;

use async_trait::async_trait;
use booking_api::{
    BookingError, ChallengeAnswer, IntentId, IntentOf, IntentState, PaymentIntent, Payments, SandboxCard,
};
use kernel::Ctx;
use serde::Serialize;

use crate::{
    Booking,
    failed::{Failed, told},
};

use provider::Verdict;
use rows::IntentRow;

#[async_trait]
impl Payments for Booking {
    async fn intent(&self, _: &Ctx, of: IntentOf) -> Result<PaymentIntent, BookingError> {
        Ok(self.intent_row(of.id).await?.shown())
    }

    async fn pay(&self, ctx: &Ctx, typed: SandboxCard) -> Result<PaymentIntent, BookingError> {
        let now = self.outside.now();
        let card = card::check(&typed, now).map_err(BookingError::Invalid)?;
        let intent = self.intent_row(typed.intent).await?;
        if matches!(intent.state(), IntentState::Succeeded | IntentState::Processing) {
            return Ok(intent.shown());
        }
        settle::is_payable(&intent, now)?;
        let question =
            Try { intent: typed.intent, card: card.last_four.clone(), expiry: typed.expiry.clone() };
        let verdict = self.provider.charge(&card, now);
        self.settle(ctx, "payments.pay", typed.intent, question, verdict).await
    }

    async fn answer(&self, ctx: &Ctx, answer: ChallengeAnswer) -> Result<PaymentIntent, BookingError> {
        let intent = self.intent_row(answer.intent).await?;
        match intent.state() {
            IntentState::RequiresAction => {}
            IntentState::Canceled => return Err(settle::too_late().into()),
            // A second click finds the first one's outcome.
            _ => return Ok(intent.shown()),
        }
        let verdict = self.provider.answered(answer.approve);
        self.settle(ctx, "payments.answer", answer.intent, answer, verdict).await
    }
}

/// One try as its key remembers it: nothing of the card but its last four digits.
#[derive(Serialize)]
struct Try {
    intent: IntentId,
    card: String,
    expiry: String,
}

impl Booking {
    async fn settle(
        &self,
        ctx: &Ctx,
        op: &'static str,
        id: IntentId,
        question: impl Serialize + Send + Sync + 'static,
        verdict: Verdict,
    ) -> Result<PaymentIntent, BookingError> {
        self.db
            .write::<_, Failed>(ctx, move |tx| tx.once(op, &question, |tx| settle::apply(tx, id, &verdict)))
            .await?;
        Ok(self.intent_row(id).await?.shown())
    }

    async fn intent_row(&self, id: IntentId) -> Result<IntentRow, BookingError> {
        let found = self.db.read(move |conn| rows::find(conn, id)).await.map_err(told)?;
        found.ok_or(BookingError::NotFound)
    }
}

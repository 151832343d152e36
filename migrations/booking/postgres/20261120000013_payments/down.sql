DROP TABLE ledger_entry;
DROP TABLE payment_intent;

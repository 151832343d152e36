DROP TABLE rate_table;
DROP TABLE fare_market;

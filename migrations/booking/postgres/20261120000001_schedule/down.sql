DROP TABLE season_flight;
DROP TABLE schedule_head;

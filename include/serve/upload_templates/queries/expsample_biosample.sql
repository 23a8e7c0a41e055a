-- The biosample and the experiment of an experiment sample; of several biosamples, the first.
select
    s.expsample_key,
    min(b.biosample_accession) as biosample_accession,
    min(e.experiment_accession) as experiment_accession
from star.dim_expsample as s
left join star.bridge_expsample_biosample as x on s.expsample_key = x.expsample_key
left join star.dim_biosample as b on x.biosample_key = b.biosample_key
left join star.dim_experiment as e on s.experiment_key = e.experiment_key and e.experiment_key > 0
where s.study_key = :study_key
group by s.expsample_key
